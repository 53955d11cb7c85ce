/**
 * Percentile bootstrap intervals (Efron 1979) over clusters. A cluster is a prompt with all its images, because results
 * for one prompt's images are correlated. There is no bias correction.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { Interval } from './interval.ts';

export interface BootstrapOptions {
  /** Number of bootstrap resamples. */
  readonly resamples?: number;
  /** The share of the resampled statistics inside the interval. */
  readonly confidence?: number;
  readonly seed?: number;
}

/** One prompt measured under two conditions, each with any number of images. */
export interface PairedCluster {
  readonly treated: readonly number[];
  readonly baseline: readonly number[];
}

/**
 * The mean over all values and its interval. `clusters` has one list of values per prompt. Prompts are drawn with
 * replacement, each with all its values. Empty clusters are ignored; throws when no value is left.
 */
export function bootstrapMean(clusters: readonly (readonly number[])[], options: BootstrapOptions = {}): Interval {
  const filled = clusters.filter((values) => values.length > 0);
  if (filled.length === 0) throw new Error('the bootstrap of a mean needs at least one value, got none');
  const sums = filled.map(sum);
  const sizes = filled.map((values) => values.length);
  return percentileInterval(filled.length, (draw) => total(sums, draw) / total(sizes, draw), options);
}

/**
 * The mean over prompts of mean(treated) - mean(baseline), and its interval. Both conditions of a prompt are resampled
 * together, so that the prompt's difficulty cancels. Throws when a prompt has no value in one of the two conditions.
 */
export function bootstrapPairedDifference(
  clusters: readonly PairedCluster[],
  options: BootstrapOptions = {},
): Interval {
  if (clusters.length === 0) throw new Error('the paired bootstrap needs at least one pair, got none');
  const differences = clusters.map(({ treated, baseline }, index) => {
    if (treated.length === 0 || baseline.length === 0) {
      throw new Error(
        `the paired bootstrap needs values on both sides of every pair, pair ${index} has ${treated.length} and ${baseline.length}`,
      );
    }
    return sum(treated) / treated.length - sum(baseline) / baseline.length;
  });
  return percentileInterval(differences.length, (draw) => total(differences, draw) / draw.length, options);
}

/** The quantile `q` of `sorted`, by linear interpolation (Hyndman and Fan 1996, type 7). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) throw new Error('a quantile needs at least one value, got none');
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const lower = sorted[below]!;
  const upper = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return lower + (position - below) * (upper - lower);
}

/**
 * Intervals of several statistics that are computed on the same resamples. `statistics` gets the indices of the drawn
 * clusters and returns the same number of values each time. In the first call, the indices contain every cluster once.
 */
export function bootstrapStatistics(
  clusterCount: number,
  statistics: (draw: Int32Array) => readonly number[],
  { resamples = 2000, confidence = 0.95, seed = 0 }: BootstrapOptions,
): Interval[] {
  const random = createRandom(seed);
  const draw = Int32Array.from({ length: clusterCount }, (_, index) => index);
  const means = statistics(draw);
  const resampled = means.map(() => new Float64Array(resamples));
  for (let i = 0; i < resamples; i++) {
    for (let j = 0; j < clusterCount; j++) draw[j] = random.integer(clusterCount);
    for (const [k, value] of statistics(draw).entries()) resampled[k]![i] = value;
  }
  const tail = (1 - confidence) / 2;
  return means.map((mean, k) => {
    const sorted = resampled[k]!.sort();
    return { mean, lo: quantile(sorted, tail), hi: quantile(sorted, 1 - tail) };
  });
}

function percentileInterval(
  clusterCount: number,
  statistic: (draw: Int32Array) => number,
  options: BootstrapOptions,
): Interval {
  return bootstrapStatistics(clusterCount, (draw) => [statistic(draw)], options)[0]!;
}

function sum(values: readonly number[]): number {
  let result = 0;
  for (const value of values) result += value;
  return result;
}

function total(values: readonly number[], draw: Int32Array): number {
  let result = 0;
  for (const index of draw) result += values[index]!;
  return result;
}
