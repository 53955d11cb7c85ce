/**
 * Intervals of distances between sets by the jackknife: the figure is computed again without one group of prompts after
 * the other (Quenouille 1949; Tukey 1958; groups of several units as Shao and Wu 1989). A bootstrap would draw images
 * twice, and FID and CMMD, which depend on the number of different images, would come out too large in every resample.
 * For CMMD, a V-statistic, the method is Arvesen's (1969); for the Fréchet distance it rests on the limit law of Rippl,
 * Munk and Sturm (2016).
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { Interval } from './interval.ts';

/**
 * A figure is computed once more for each group: ten are enough for a variance, and a Fréchet distance takes seconds.
 */
const MAX_GROUPS = 10;
/** Two-sided 95 % quantiles of Student's t distribution for 1 to 9 degrees of freedom. */
const STUDENT_T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262] as const;

/** A set of units (prompts, or images) in parts, of which each group is left out once. */
export interface JackknifeGroups {
  readonly units: number;
  /** Parts 0 to `count` - 1 are the groups. */
  readonly count: number;
  /** Units of each group. */
  readonly size: number;
  /** The part of each unit; part `count` has the units that are always there, so that groups are of one size. */
  readonly partOf: Int32Array;
}

/** A figure of all units, and without each group. */
export interface Jackknifed {
  readonly value: number;
  readonly without: readonly number[];
}

/** Draws groups of equal size by `seed`; none where there are fewer than two units. */
export function jackknifeGroups(units: number, seed: number): JackknifeGroups {
  const count = units < 2 ? 0 : Math.min(MAX_GROUPS, units);
  const size = Math.floor(units / Math.max(1, count));
  const partOf = new Int32Array(units).fill(count);
  createRandom(seed)
    .fork('jackknife')
    .shuffle(Array.from({ length: units }, (_, unit) => unit))
    .slice(0, count * size)
    .forEach((unit, place) => {
      partOf[unit] = Math.floor(place / size);
    });
  return { units, count, size, partOf };
}

/** Computes `figure` of all parts and without each group; it is given the parts that count. */
export async function jackknife(
  { count }: JackknifeGroups,
  figure: (parts: readonly number[]) => number | Promise<number>,
): Promise<Jackknifed> {
  const parts = Array.from({ length: count + 1 }, (_, part) => part);
  const value = await figure(parts);
  const without: number[] = [];
  for (let group = 0; group < count; group++) without.push(await figure(parts.filter((part) => part !== group)));
  return { value, without };
}

/**
 * The figure and its 95 % interval; undefined where there were no groups. `least` is the smallest value it can take.
 */
export function jackknifeInterval(
  { value, without }: Jackknifed,
  { units, size }: JackknifeGroups,
  { least = Number.NEGATIVE_INFINITY }: { least?: number } = {},
): Interval | undefined {
  if (without.length < 2) return undefined;
  const mean = without.reduce((sum, one) => sum + one, 0) / without.length;
  const variance = without.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (without.length - 1);
  // Of a mean, the figures without d of n units have the variance of n units times d n / (n - d)^2.
  const error = Math.sqrt(variance * ((units - size) ** 2 / (size * units)));
  const half = STUDENT_T_95[without.length - 2]! * error;
  return { mean: value, lo: Math.max(least, value - half), hi: value + half };
}

/** How much larger `a` is than `b`, with the same groups left out of both: what makes a prompt hard cancels. */
export function jackknifeDifference(a: Jackknifed, b: Jackknifed, groups: JackknifeGroups): Interval | undefined {
  const without = a.without.map((one, i) => one - b.without[i]!);
  return jackknifeInterval({ value: a.value - b.value, without }, groups);
}
