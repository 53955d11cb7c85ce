// Closed forms of the jackknife, and its intervals against what many independent sets say.
import { createRandom } from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import { frechetDistance } from './frechet.ts';
import {
  type JackknifeGroups,
  jackknife,
  jackknifeDifference,
  jackknifeGroups,
  jackknifeInterval,
} from './jackknife.ts';
import { momentsOf } from './moments.ts';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const meanOf =
  (values: readonly number[], { partOf }: JackknifeGroups) =>
  (parts: readonly number[]) =>
    mean(values.filter((_, unit) => parts.includes(partOf[unit]!)));

describe('jackknifeGroups', () => {
  it('are of one size, apart from each other, the same for a seed', () => {
    const { count, size, partOf } = jackknifeGroups(37, 1);
    expect([count, size]).toEqual([10, 3]);
    const sizes = Array.from({ length: 11 }, (_, part) => partOf.filter((one) => one === part).length);
    expect(sizes).toEqual([...Array.from({ length: 10 }, () => 3), 7]);
    expect(jackknifeGroups(37, 1)).toEqual(jackknifeGroups(37, 1));
    expect(jackknifeGroups(37, 2)).not.toEqual(jackknifeGroups(37, 1));
    expect(jackknifeGroups(3, 1).count).toBe(3);
    expect(jackknifeGroups(1, 1).count).toBe(0);
  });
});

describe('jackknifeInterval', () => {
  it("of a mean of single units is Student's", async () => {
    const values = [2, 4, 4, 5, 7, 8];
    const groups = jackknifeGroups(values.length, 3);
    const { mean: value, lo, hi } = jackknifeInterval(await jackknife(groups, meanOf(values, groups)), groups)!;
    const error = Math.sqrt(mean(values.map((x) => (x - 5) ** 2)) / (values.length - 1));
    expect(value).toBe(5);
    expect(lo).toBeCloseTo(5 - 2.571 * error, 9);
    expect(hi).toBeCloseTo(5 + 2.571 * error, 9);
  });

  it('is cut at the least value, and absent for a single unit', async () => {
    const groups = jackknifeGroups(2, 0);
    const found = await jackknife(groups, meanOf([0, 2], groups));
    expect(jackknifeInterval(found, groups, { least: 0 })!.lo).toBe(0);
    const one = jackknifeGroups(1, 0);
    expect(jackknifeInterval(await jackknife(one, meanOf([1], one)), one)).toBeUndefined();
  });

  it('of a difference leaves out what both have in common', async () => {
    const random = createRandom(5);
    const hard = Array.from({ length: 40 }, () => 100 * random.normal());
    const groups = jackknifeGroups(hard.length, 0);
    const a = await jackknife(
      groups,
      meanOf(
        hard.map((value, i) => value + 1 + 0.01 * (i % 2)),
        groups,
      ),
    );
    const b = await jackknife(groups, meanOf(hard, groups));
    const { mean: value, lo, hi } = jackknifeDifference(a, b, groups)!;
    expect(value).toBeCloseTo(1.005, 9);
    expect([lo > 0.99, hi < 1.02]).toEqual([true, true]);
  });

  it('holds the true mean about as often as it says, with units that no group takes', async () => {
    let held = 0;
    const repeats = 400;
    for (let i = 0; i < repeats; i++) {
      const random = createRandom(i);
      const values = Array.from({ length: 27 }, () => random.normal());
      const groups = jackknifeGroups(values.length, i);
      const { lo, hi } = jackknifeInterval(await jackknife(groups, meanOf(values, groups)), groups)!;
      if (lo <= 0 && 0 <= hi) held++;
    }
    expect(held / repeats).toBeGreaterThan(0.92);
    expect(held / repeats).toBeLessThan(0.98);
  });

  it('of a Fréchet distance is as wide as the distances of independent sets scatter', async () => {
    const dimension = 3;
    const setOf = (seed: number) => {
      const random = createRandom(seed);
      return Float32Array.from({ length: 60 * dimension }, (_, i) => random.normal() * (1 + (i % dimension)));
    };
    const reference = { mean: Float64Array.of(1, 0, 0), covariance: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) };
    const groups = jackknifeGroups(60, 0);
    const distanceOf = (rows: Float32Array) => async (parts: readonly number[]) => {
      const kept = rows.filter((_, i) => parts.includes(groups.partOf[Math.floor(i / dimension)]!));
      return frechetDistance(await momentsOf(kept, dimension), reference, { threads: 1 });
    };
    const all = Array.from({ length: groups.count + 1 }, (_, part) => part);
    const distances: number[] = [];
    const errors: number[] = [];
    for (let seed = 1; seed <= 40; seed++) {
      const figure = distanceOf(setOf(seed));
      distances.push(await figure(all));
      if (seed > 8) continue;
      const { mean: value, hi } = jackknifeInterval(await jackknife(groups, figure), groups)!;
      errors.push((hi - value) / 2.262);
    }
    const spread = Math.sqrt(mean(distances.map((value) => (value - mean(distances)) ** 2)));
    expect(mean(errors) / spread).toBeGreaterThan(0.6);
    expect(mean(errors) / spread).toBeLessThan(1.6);
  });
});
