/** Endless passes over samples, uniform or in proportion to a power of their reward. */
import { createShuffledStream, type ShuffledStream } from './stream.ts';

/** The position in a stream. */
export interface StreamPosition {
  pass: number;
  taken: number;
}

/**
 * Draws samples with probability proportional to r^power, or uniformly without a power. Drawing by weight and weighting
 * uniform draws have the same expected loss up to a factor, but drawing by weight spends no step on samples of weight
 * zero. r^p is the probability that p independent raters all call the image good.
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

/** The reward of a sample. Throws when the stream needs a reward and the sample has none. */
export function rewardOf({ reward }: { reward?: number | undefined }, stream = 'model'): number {
  if (reward === undefined) throw new Error(`stream ${stream}: expected a reward for each sample, got none`);
  return reward;
}

/** Converts a position in endless passes over `size` items to pass and index within the pass. */
export function positionIn(size: number, place: number): StreamPosition {
  return { pass: Math.floor(place / size), taken: place % size };
}
