/**
 * The report of a reward: the accuracy of each training variant and of CLIP score on held-out pairs. Data and
 * arithmetic only; `run.ts` trains, and the report page draws the plots.
 */
import type { Interval } from '../statistics/index.ts';
import { type AccuracyTable, accuracyDifference, accuracyTable, type PromptPairs } from './accuracy.ts';
import { rewardGate } from './gate.ts';
import type { LearningCurve } from './learning-curve.ts';
import type { LeftOut } from './left-out.ts';
import type { PerturbationSources } from './perturbed-prompts.ts';
import type { RoundAccuracy } from './round-accuracy.ts';
import type { CategoryTrust } from './trust.ts';

/** The trainings, by what the report calls them. */
export const REWARD_VARIANTS = ['aux', 'plain', 'half'] as const;
export type RewardVariant = (typeof REWARD_VARIANTS)[number];

/** File in the reward's folder that holds a `RewardReport`. */
export const REWARD_REPORT_FILE = 'accuracy.json';

/** What was measured; everything on held-out images. */
export interface RewardReport {
  /** Labelled images by use. */
  images: { training: number; validation: number; test: number };
  /** Preferences by use; absent where there are none. */
  preferences?: { training: number; validation: number; test: number };
  accuracy: { clip: AccuracyTable } & Partial<Record<RewardVariant, AccuracyTable>>;
  /** Accuracy minus that of CLIP score on the same pairs. */
  minusClip: Partial<Record<RewardVariant, { seen?: Interval; unseen?: Interval }>>;
  /** The accuracy of 'aux' minus that of the others, on the same pairs: what the auxiliary task and more labels buy. */
  auxMinus: Partial<Record<Exclude<RewardVariant, 'aux'>, { seen?: Interval; unseen?: Interval }>>;
  /** Mean accuracies and numbers of pairs in brief. */
  summary: Record<'seen' | 'unseen', { aux?: number; plain?: number; half?: number; clip?: number; n: number }>;
  gate: { passed: boolean; warning?: string };
  /** The kept reward by category; absent in files from before it was told. */
  trust?: readonly CategoryTrust[];
  /** What more labels would bring; absent where it was not asked for or cannot be told. */
  learningCurve?: LearningCurve;
  /** By the round that drew the images; absent where there is but one. */
  rounds?: readonly RoundAccuracy[];
  /** How many prompts of good images were perturbed how, for the auxiliary task. */
  perturbations?: PerturbationSources;
  /** Judged images that were not learned from. */
  leftOut?: readonly LeftOut[];
}

/** The report of pair outcomes on one held-out set; all scorers have the same pairs in the same order. */
export function rewardReport(
  images: RewardReport['images'],
  outcomes: { clip: readonly PromptPairs[]; aux: readonly PromptPairs[] } & Partial<
    Record<RewardVariant, readonly PromptPairs[]>
  >,
  rounds: readonly RoundAccuracy[] = [],
): RewardReport {
  const clip = accuracyTable(outcomes.clip);
  const aux = accuracyTable(outcomes.aux);
  const accuracy: RewardReport['accuracy'] = { clip };
  const minusClip: RewardReport['minusClip'] = {};
  const auxMinus: RewardReport['auxMinus'] = {};
  for (const variant of REWARD_VARIANTS) {
    const pairs = outcomes[variant];
    if (pairs === undefined) continue;
    accuracy[variant] = accuracyTable(pairs);
    minusClip[variant] = differences(pairs, outcomes.clip);
    if (variant !== 'aux') auxMinus[variant] = differences(outcomes.aux, pairs);
  }
  return {
    images,
    accuracy,
    minusClip,
    auxMinus,
    summary: { seen: summarise(accuracy, 'seen'), unseen: summarise(accuracy, 'unseen') },
    gate: rewardGate({ reward: aux, clip, rounds }),
    ...(rounds.length < 2 ? {} : { rounds }),
  };
}

function differences(treated: readonly PromptPairs[], baseline: readonly PromptPairs[]) {
  const of = (wanted: boolean) => {
    const picked = treated.flatMap((pairs, i) => (pairs.seen === wanted ? [i] : []));
    return accuracyDifference(
      picked.map((i) => treated[i]!),
      picked.map((i) => baseline[i]!),
    );
  };
  const [seen, unseen] = [of(true), of(false)];
  return { ...(seen ? { seen } : {}), ...(unseen ? { unseen } : {}) };
}

function summarise(accuracy: RewardReport['accuracy'], group: 'seen' | 'unseen') {
  const means = Object.entries(accuracy).flatMap(([scorer, table]) => {
    const mean = table[group].accuracy?.mean;
    return mean === undefined ? [] : [[scorer, mean]];
  });
  return { ...Object.fromEntries(means), n: accuracy.clip[group].pairs } as RewardReport['summary']['seen'];
}
