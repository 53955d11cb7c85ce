/**
 * Calibration of a reward (whether images with reward 0.7 are good seven times out of ten). Images are binned by
 * predicted reward, and each bin's mean reward is compared with its mean label (a reliability diagram). Two numbers
 * summarise the calibration.
 */
import { bootstrapMean, type Interval } from '../../statistics/index.ts';

export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  /** Mean predicted reward of the bin's images; absent in an empty bin. */
  readonly reward?: number;
  /** Mean label of the bin's images, with a 95 % interval over images. */
  readonly label?: Interval;
}

export interface Calibration {
  readonly images: number;
  readonly bins: readonly CalibrationBin[];
  /**
   * Expected calibration error: the mean distance between mean reward and mean label, over bins weighted by their
   * numbers of images (Naeini et al. 2015).
   */
  readonly expectedError?: number;
  /**
   * Brier score: the mean squared error of the predicted rewards (Brier 1950). `squaredErrorOfMean` is the mean squared
   * error of always predicting the mean label.
   */
  readonly squaredError?: number;
  readonly squaredErrorOfMean?: number;
}

/**
 * Computes the calibration. `items` are images that the reward has not learned from, with reward and label in [0, 1].
 */
export function calibrate(
  items: readonly { reward: number; label: number }[],
  options: { bins?: number } = {},
): Calibration {
  const { bins: count = 10 } = options;
  const binned = Array.from({ length: count }, (_, bin) => {
    // A reward of exactly 1 belongs to the last bin.
    const inside = items.filter(({ reward }) => Math.min(count - 1, Math.floor(reward * count)) === bin);
    const edges = { from: bin / count, to: (bin + 1) / count, images: inside.length };
    if (inside.length === 0) return edges;
    return {
      ...edges,
      reward: mean(inside.map(({ reward }) => reward)),
      label: bootstrapMean(inside.map(({ label }) => [label])),
    };
  });
  if (items.length === 0) return { images: 0, bins: binned };
  const middle = mean(items.map(({ label }) => label));
  return {
    images: items.length,
    bins: binned,
    expectedError: binned.reduce(
      (total, { images, ...bin }) =>
        'label' in bin ? total + (images / items.length) * Math.abs(bin.reward - bin.label.mean) : total,
      0,
    ),
    squaredError: mean(items.map(({ reward, label }) => (reward - label) ** 2)),
    squaredErrorOfMean: mean(items.map(({ label }) => (middle - label) ** 2)),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
