/** An endless stream of samples, drawn uniformly or in proportion to a power of their reward. */
import { createShuffledStream, type ShuffledStream } from './stream.ts';

/** The position in an endless stream. */
export interface StreamPosition {
  pass: number;
  taken: number;
}

/**
 * Creates a stream that draws samples with probability proportional to r^power, or uniformly if `power` is undefined.
 * Drawing in proportion to a weight has the same expected loss, up to a factor, as weighting the loss of uniform draws.
 * Drawing in proportion spends no step on samples of weight zero. r^p is the probability that p independent raters all
 * call the image good.
 */
export function createRewardStream(options: {
  name: string;
  samples: readonly { reward?: number | undefined }[];
  power: number | undefined;
  seed: number;
}): ShuffledStream {
  const { name, samples, power, seed } = options;
  const weights = power === undefined ? undefined : samples.map((sample) => rewardOf(sample, name) ** power);
  return createShuffledStream({ name, size: samples.length, seed, weights });
}

/** Returns the reward of a sample; throws when the sample has no reward. */
export function rewardOf({ reward }: { reward?: number | undefined }, stream = 'model'): number {
  if (reward === undefined) throw new Error(`stream ${stream}: expected a reward for each sample, got none`);
  return reward;
}

/** Converts a position in an endless stream over `size` items to the number of the pass and the index within it. */
export function positionIn(size: number, place: number): StreamPosition {
  return { pass: Math.floor(place / size), taken: place % size };
}
