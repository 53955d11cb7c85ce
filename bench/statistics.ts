/**
 * What is said of timed rounds: medians and quartiles. The ratio is taken round by round, so that slow moments cancel.
 */
import { quantile } from '../packages/heed/src/statistics/index.ts';

export interface Spread {
  lower: number;
  median: number;
  upper: number;
}

/** Median and quartiles; throws when there is no value. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { lower: quantile(sorted, 0.25), median: quantile(sorted, 0.5), upper: quantile(sorted, 0.75) };
}

/** Median and quartiles of a[i] / b[i], where a[i] and b[i] were measured one after the other. */
export function ratioOf(a: readonly number[], b: readonly number[]): Spread {
  if (a.length !== b.length) throw new Error(`ratio: expected equally many rounds, got ${a.length} and ${b.length}`);
  return spreadOf(a.map((value, i) => value / b[i]!));
}
