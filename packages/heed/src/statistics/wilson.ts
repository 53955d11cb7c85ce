/**
 * Wilson's score interval of a share, which is valid for small counts and for shares near 0 and 1. No continuity
 * correction.
 */
import type { Interval } from './interval.ts';

/** The 97.5 % quantile of the normal distribution. */
const Z_95 = 1.959963984540054;

/** The share `hits` / `count` with its 95 % interval (Wilson 1927). Throws for a count of 0. */
export function wilsonInterval(hits: number, count: number, { z = Z_95 }: { z?: number } = {}): Interval {
  if (!(count > 0 && hits >= 0 && hits <= count)) {
    throw new Error(`the interval of a share needs 0 <= hits <= count and a count, got ${hits} of ${count}`);
  }
  const share = hits / count;
  const centre = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count));
  return { mean: share, lo: Math.max(0, centre - half), hi: Math.min(1, centre + half) };
}
