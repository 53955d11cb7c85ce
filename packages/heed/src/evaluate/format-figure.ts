/** Formats figures and differences as text, in the same way for the terminal, the report and the studio. */
import { formatShare, type Interval } from '../statistics/index.ts';
import type { Fidelity, FigureUnit } from './evaluation.ts';

/** '63.1 % [58.0, 68.2]' for a share, '0.431 [0.412, 0.450]' for a number. */
export function formatFigure({ mean, lo, hi }: Interval, unit: FigureUnit): string {
  if (unit === 'number') return `${mean.toFixed(3)} [${lo.toFixed(3)}, ${hi.toFixed(3)}]`;
  return formatShare({ mean, lo, hi });
}

/** Formats both distances on the world's CLIP, with intervals if the evaluation has them. */
export function formatFidelity({ frechet, cmmd, intervals }: Fidelity): [frechet: string, cmmd: string] {
  const text = (value: number, digits: number, interval: Interval | undefined) =>
    `${value.toFixed(digits)}${interval ? ` [${interval.lo.toFixed(digits)}, ${interval.hi.toFixed(digits)}]` : ''}`;
  return [text(frechet, 2, intervals?.frechet), text(cmmd, 3, intervals?.cmmd)];
}

/** '+4.2 points [1.0, 7.4]' for a share, '+0.012 [-0.003, 0.027]' for a number. */
export function formatDifference({ mean, lo, hi }: Interval, unit: FigureUnit): string {
  const [factor, digits, name] = unit === 'share' ? ([100, 1, ' points'] as const) : ([1, 3, ''] as const);
  const text = (value: number) => (factor * value).toFixed(digits);
  return `${mean >= 0 ? '+' : ''}${text(mean)}${name} [${text(lo)}, ${text(hi)}]`;
}
