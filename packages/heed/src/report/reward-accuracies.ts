/** Lists the accuracies in a reward's report, in the order and with the names of the paper's figure 3. */
import type { PairAccuracy } from '../reward/accuracy.ts';
import type { RewardReport } from '../reward/run.ts';
import type { CountedInterval, RewardAccuracy } from './report-input.ts';

const LABELS: readonly (readonly [variant: keyof RewardReport['accuracy'], label: string])[] = [
  ['clip', 'CLIP score'],
  ['plain', 'reward'],
  ['half', 'reward + auxiliary, half'],
  ['aux', 'reward + auxiliary'],
];

/** Makes one entry for each scorer (a reward variant or CLIP score) that was measured. */
export function rewardAccuracies({ accuracy, minusClip, auxMinus }: RewardReport): RewardAccuracy[] {
  return LABELS.flatMap(([variant, label]): RewardAccuracy[] => {
    const table = accuracy[variant];
    if (!table) return [];
    const difference = variant === 'aux' ? undefined : variant === 'clip' ? minusClip.aux : auxMinus[variant];
    const byCategory = Object.entries(table.byCategory).flatMap(([category, parts]) =>
      (['seen', 'unseen'] as const).flatMap((part) => {
        const interval = counted(parts[part]);
        return interval ? [[`${category}, ${part}`, interval] as const] : [];
      }),
    );
    const seen = counted(table.seen);
    const unseen = counted(table.unseen);
    return [
      {
        variant,
        label,
        ...(seen ? { seen } : {}),
        ...(unseen ? { unseen } : {}),
        byCategory: Object.fromEntries(byCategory),
        ...(difference ? { auxMinusThis: difference } : {}),
      },
    ];
  });
}

function counted({ accuracy, pairs }: PairAccuracy): CountedInterval | undefined {
  return accuracy ? { ...accuracy, n: pairs } : undefined;
}
