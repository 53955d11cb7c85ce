/**
 * The factor on the loss that keeps small gradients from vanishing in float16 (Micikevicius et al. 2018, section 3.2):
 * halved when a gradient overflows, doubled again after a long time without.
 */

const FIRST = 2 ** 16;
const LARGEST = 2 ** 24;
const GROWTH_INTERVAL = 2000;

export interface LossScale {
  readonly value: number;
  /** After an update whose gradients were finite. */
  grow(): void;
  /** After an overflow; false where the factor was at its least, so that the cause must be another. */
  shrink(): boolean;
}

/** A factor that adapts, or, for float32, always 1. */
export function createLossScale({
  adapts,
  growthInterval = GROWTH_INTERVAL,
}: {
  adapts: boolean;
  growthInterval?: number;
}): LossScale {
  let value = adapts ? FIRST : 1;
  let finite = 0;
  return {
    get value() {
      return value;
    },
    grow() {
      finite += 1;
      if (!adapts || finite < growthInterval) return;
      finite = 0;
      value = Math.min(LARGEST, 2 * value);
    },
    shrink() {
      finite = 0;
      if (value === 1) return false;
      value /= 2;
      return true;
    },
  };
}
