/**
 * The report of a reward: the accuracy of each training variant and of CLIP score on held-out pairs. This module has
 * only types and arithmetic; `run.ts` trains the rewards, and the report page draws the plots.
 */
import type { Interval } from '../statistics/index.ts';
import { type AccuracyTable, accuracyDifference, accuracyTable, type PromptPairs } from './accuracy.ts';
import { rewardGate } from './gate.ts';
import type { LearningCurve } from './learning-curve.ts';
import type { LeftOut } from './left-out.ts';
import type { PerturbationSources } from './perturbed-prompts.ts';
import type { RoundAccuracy } from './round-accuracy.ts';
import type { CategoryTrust } from './trust.ts';

/**
 * The trained variants of the reward, with the names that they have in the report: 'aux' with the auxiliary task,
 * 'plain' without it, 'half' with half the images of each prompt.
 */
export const REWARD_VARIANTS = ['aux', 'plain', 'half'] as const;
export type RewardVariant = (typeof REWARD_VARIANTS)[number];

/** File in the reward's folder that holds a `RewardReport`. */
export const REWARD_REPORT_FILE = 'accuracy.json';

/** The measured accuracies, all on held-out images. */
export interface RewardReport {
  /** Labelled images by use. */
  images: { training: number; validation: number; test: number };
  /** Number of preferences in each part of the split; absent when there are no preferences. */
  preferences?: { training: number; validation: number; test: number };
  accuracy: { clip: AccuracyTable } & Partial<Record<RewardVariant, AccuracyTable>>;
  /** Accuracy of each variant minus the accuracy of CLIP score on the same pairs. */
  minusClip: Partial<Record<RewardVariant, { seen?: Interval; unseen?: Interval }>>;
  /**
   * The accuracy of 'aux' minus that of each other variant on the same pairs: the gain from the auxiliary task and from
   * more labels.
   */
  auxMinus: Partial<Record<Exclude<RewardVariant, 'aux'>, { seen?: Interval; unseen?: Interval }>>;
  /** Summary: mean accuracies and numbers of pairs. */
  summary: Record<'seen' | 'unseen', { aux?: number; plain?: number; half?: number; clip?: number; n: number }>;
  gate: { passed: boolean; warning?: string };
  /** Accuracy and trust of the saved reward for each category; absent in older files. */
  trust?: readonly CategoryTrust[];
  /** The learning curve; absent when it was not requested or cannot be measured. */
  learningCurve?: LearningCurve;
  /** Accuracy for the images of each round; absent when all images are from a single round. */
  rounds?: readonly RoundAccuracy[];
  /** For each source of perturbed prompts, the number of good images' prompts that use this source. */
  perturbations?: PerturbationSources;
  /** Judged images that the reward did not learn from. */
  leftOut?: readonly LeftOut[];
}

/** Builds the report from pair outcomes on one held-out set. All scorers have the same pairs in the same order. */
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
