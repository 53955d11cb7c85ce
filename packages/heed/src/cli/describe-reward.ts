/** What `heed reward` measured as a table for the terminal. */
import type { RewardRunResult } from '../reward/run.ts';
import { formatShare } from '../statistics/interval.ts';
import { formatTable } from './table.ts';

const LABELS = {
  aux: 'reward',
  plain: 'reward without the auxiliary task',
  half: 'reward from half the images',
  clip: 'CLIP score',
} as const;

/** Accuracies on held-out pairs, the gate's warning, and where the reward lies. */
export function describeReward({ accuracy, images, folder, gate }: RewardRunResult): string[] {
  const rows = (Object.keys(LABELS) as (keyof typeof LABELS)[]).flatMap((variant) => {
    const table = accuracy[variant];
    if (!table) return [];
    const cell = (part: 'seen' | 'unseen') =>
      table[part].accuracy === undefined
        ? 'not measured'
        : `${formatShare(table[part].accuracy)} of ${table[part].pairs}`;
    return [[LABELS[variant], cell('seen'), cell('unseen')]];
  });
  return [
    ...formatTable([['accuracy on held-out pairs', 'seen objects', 'unseen objects'], ...rows]),
    `Learned from ${images.training} images, chosen on ${images.validation}, measured on ${images.test}; in ${folder}`,
    gate.warning === undefined ? 'Next: heed tune' : `Warning: ${gate.warning}`,
  ];
}
