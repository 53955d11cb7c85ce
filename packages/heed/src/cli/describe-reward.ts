/** The measurements of `heed reward` as tables for the terminal. */
import type { PairAccuracy } from '../reward/accuracy.ts';
import { curveVerdict } from '../reward/learning-curve.ts';
import { describeLeftOut } from '../reward/left-out.ts';
import { describePerturbations } from '../reward/perturbed-prompts.ts';
import type { RewardRunResult } from '../reward/run.ts';
import { trustWords } from '../reward/trust.ts';
import { formatShare } from '../statistics/interval.ts';
import { formatTable } from './table.ts';

const LABELS = {
  aux: 'reward',
  plain: 'reward without the auxiliary task',
  half: 'reward from half the images',
  clip: 'CLIP score',
} as const;
const GROUPS = { seen: 'prompts learned from', unseen: 'held-out prompts' } as const;

/**
 * Shows accuracies on held-out pairs, by prompt category and by share of training labels, then omitted images and the
 * gate's warning.
 */
export function describeReward(result: RewardRunResult): string[] {
  const { accuracy, images, folder, gate, perturbations = {}, leftOut = [], preferences } = result;
  const rows = (Object.keys(LABELS) as (keyof typeof LABELS)[]).flatMap((variant) => {
    const table = accuracy[variant];
    if (!table) return [];
    const cell = (part: 'seen' | 'unseen') =>
      table[part].accuracy === undefined
        ? 'not measured'
        : `${formatShare(table[part].accuracy)} of ${table[part].pairs}`;
    return [[LABELS[variant], cell('seen'), cell('unseen')]];
  });
  const perturbed = describePerturbations(perturbations);
  return [
    ...formatTable([['accuracy on held-out pairs', GROUPS.seen, GROUPS.unseen], ...rows]),
    '',
    ...categoryLines(result),
    ...roundLines(result),
    ...curveLines(result),
    `Learned from ${images.training} images, chosen on ${images.validation}, measured on ${images.test}; in ${folder}`,
    ...(preferences
      ? [
          `Preferences: learned from ${preferences.training}, chosen on ${preferences.validation}, measured on ${preferences.test}`,
        ]
      : []),
    ...(perturbed === undefined ? [] : [perturbed]),
    ...describeLeftOut(leftOut),
    gate.warning === undefined ? 'Next: heed tune' : `Warning: ${gate.warning}`,
  ];
}

function categoryLines({ trust = [] }: RewardRunResult): string[] {
  if (trust.length === 0) return [];
  const rows = trust.map((each) => {
    const { category, group, pairs, prompts, accuracy } = each;
    return accuracy === undefined
      ? [category, '', '', '', trustWords(each)]
      : [category, GROUPS[group], formatShare(accuracy), `${pairs} of ${prompts} prompts`, trustWords(each)];
  });
  return [...formatTable([['category', '', 'accuracy', 'pairs', 'how far to trust it'], ...rows]), ''];
}

function roundLines({ rounds = [] }: RewardRunResult): string[] {
  if (rounds.length === 0) return [];
  const cell = ({ accuracy, pairs }: PairAccuracy) =>
    accuracy === undefined ? 'not measured' : `${formatShare(accuracy)} of ${pairs}`;
  const rows = rounds.map(({ round, training, reward, clip }) => [round, training, cell(reward), cell(clip)]);
  return [...formatTable([['round', 'learned from', 'accuracy on its pairs', 'CLIP score'], ...rows]), ''];
}

function curveLines({ learningCurve }: RewardRunResult): string[] {
  if (learningCurve === undefined) return [];
  const rows = learningCurve.points.map(({ share, images, accuracy }) => [
    `${Math.round(100 * share)} %`,
    images,
    formatShare(accuracy),
  ]);
  return [...formatTable([['labels', 'images', 'accuracy'], ...rows]), curveVerdict(learningCurve), ''];
}
