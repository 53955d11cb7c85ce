/** The type of an estimate: a mean and the ends of its interval. */

import { z } from 'zod';
import { percent } from '../text/percent.ts';

/** An estimate with the ends of its interval, at 95 % confidence by default. */
export interface Interval {
  readonly mean: number;
  readonly lo: number;
  readonly hi: number;
}

/** Schema of an interval in a file. */
export const intervalSchema = z.looseObject({ mean: z.number(), lo: z.number(), hi: z.number() });

/** Formats an interval of a share in percent: '63.1 % [58.0, 68.2]'. */
export function formatShare({ mean, lo, hi }: Interval, digits = 1): string {
  return `${percent(mean, digits)} [${(100 * lo).toFixed(digits)}, ${(100 * hi).toFixed(digits)}]`;
}

/** True when zero lies outside the interval. */
export function excludesZero({ lo, hi }: Interval): boolean {
  return lo > 0 || hi < 0;
}
