/** Formats numbers in the report, so that the same kind of figure always looks the same. */
import type { Interval } from '../statistics/index.ts';

/** Formats a difference of shares in percentage points, such as '+4.2'; negative values get the minus sign U+2212. */
export function points(difference: number, digits = 1): string {
  const value = (100 * Math.abs(difference)).toFixed(digits);
  return `${difference < 0 ? '−' : '+'}${value}`;
}

/** '+4.2 [1.0, 7.4] points' */
export function pointsWithInterval({ mean, lo, hi }: Interval, digits = 1): string {
  return `${points(mean, digits)} [${points(lo, digits)}, ${points(hi, digits)}] points`;
}

/** '0.431 [0.412, 0.450]' */
export function decimalWithInterval({ mean, lo, hi }: Interval, digits = 3): string {
  return `${mean.toFixed(digits)} [${lo.toFixed(digits)}, ${hi.toFixed(digits)}]`;
}
