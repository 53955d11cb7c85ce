/**
 * The factor on the loss that keeps small gradients from vanishing in float16 (Micikevicius et al. 2018, section 3.2).
 * The factor is halved when a gradient overflows, and doubled after many updates without overflow.
 */

const FIRST = 2 ** 16;
const LARGEST = 2 ** 24;
const GROWTH_INTERVAL = 2000;

export interface LossScale {
  readonly value: number;
  /** Called after an update with finite gradients. */
  grow(): void;
  /**
   * Called after an overflow. Returns false at the smallest factor, because the factor then cannot be the cause of the
   * overflow.
   */
  shrink(): boolean;
}

/** Creates an adaptive factor, or a constant 1 for float32. */
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
