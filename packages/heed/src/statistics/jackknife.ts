/**
 * Jackknife intervals for distances between sets: the distance is computed again without each group of prompts in turn.
 * Sources: Quenouille 1949; Tukey 1958; for groups of several units, Shao and Wu 1989. A bootstrap is not used, since
 * each resample would contain some images several times. FID and CMMD depend on the number of distinct images and would
 * be too large in every resample. For CMMD, a V-statistic, the method is Arvesen's (1969). For the Fréchet distance the
 * method rests on the limit law of Rippl, Munk and Sturm (2016).
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { Interval } from './interval.ts';

/**
 * The largest number of groups. For each group, the distance is computed once more, which takes seconds for a Fréchet
 * distance. Ten groups suffice to estimate a variance.
 */
const MAX_GROUPS = 10;
/** Two-sided 95 % quantiles of Student's t distribution for 1 to 9 degrees of freedom. */
const STUDENT_T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262] as const;

/** A partition of units (prompts or images), for leaving out one group at a time. */
export interface JackknifeGroups {
  readonly units: number;
  /** Parts 0 to `count` - 1 are the groups. */
  readonly count: number;
  /** Number of units in each group. */
  readonly size: number;
  /**
   * The part of each unit. Part `count` has the remaining units, which are never left out, so that all groups have the
   * same size.
   */
  readonly partOf: Int32Array;
}

/** A figure computed over all units, and computed again without each group. */
export interface Jackknifed {
  readonly value: number;
  readonly without: readonly number[];
}

/**
 * Divides units at random, by `seed`, into groups of equal size; makes no groups when there are fewer than two units.
 */
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

/** Computes `figure` once over all parts, and once without each of the groups. `figure` gets the included parts. */
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

/** The figure and its 95 % interval; undefined without groups. `least` is the smallest possible value. */
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

/** The difference `a` minus `b`, with the same groups left out of both, so that a prompt's difficulty cancels. */
export function jackknifeDifference(a: Jackknifed, b: Jackknifed, groups: JackknifeGroups): Interval | undefined {
  const without = a.without.map((one, i) => one - b.without[i]!);
  return jackknifeInterval({ value: a.value - b.value, without }, groups);
}
