/** What an estimate looks like everywhere in heed: a mean and the ends of its interval. Holds no arithmetic. */

import { z } from 'zod';
import { percent } from '../text/percent.ts';

/** An estimate with the ends of its 95 % interval (or whatever confidence it was asked for). */
export interface Interval {
  readonly mean: number;
  readonly lo: number;
  readonly hi: number;
}

/** An interval in a file that is read back. */
export const intervalSchema = z.looseObject({ mean: z.number(), lo: z.number(), hi: z.number() });

/** '63.1 % [58.0, 68.2]': an interval of a share, in percent. */
export function formatShare({ mean, lo, hi }: Interval, digits = 1): string {
  return `${percent(mean, digits)} [${(100 * lo).toFixed(digits)}, ${(100 * hi).toFixed(digits)}]`;
}

/** True when zero lies outside the interval. */
export function excludesZero({ lo, hi }: Interval): boolean {
  return lo > 0 || hi < 0;
}
