/**
 * The intervals against what they must be: exact where the data leave no choice, the normal approximation elsewhere.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import { bootstrapMean, bootstrapPairedDifference, quantile } from './bootstrap.ts';

describe('quantile', () => {
  it('interpolates between neighbours', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([10, 20], 0)).toBe(10);
    expect(quantile([10, 20], 1)).toBe(20);
    expect(quantile([0, 1, 2, 3, 4], 0.1)).toBeCloseTo(0.4, 12);
  });
});

describe('bootstrapMean', () => {
  it('weighs every value alike, not every prompt', () => {
    expect(bootstrapMean([[1, 1, 1], [0]]).mean).toBe(0.75);
  });

  it('has no width when every value is equal', () => {
    expect(bootstrapMean([[2], [2, 2]])).toEqual({ mean: 2, lo: 2, hi: 2 });
  });

  it('agrees with the normal approximation for many independent values', () => {
    const random = createRandom(7);
    const values = Array.from({ length: 1000 }, () => [random.uniform() < 0.3 ? 1 : 0]);
    const { mean, lo, hi } = bootstrapMean(values, { seed: 1 });
    const halfWidth = 1.96 * Math.sqrt((mean * (1 - mean)) / 1000);
    expect(mean - lo).toBeCloseTo(halfWidth, 2);
    expect(hi - mean).toBeCloseTo(halfWidth, 2);
  });

  it('is wider when the values of a prompt move together', () => {
    const random = createRandom(8);
    const together = Array.from({ length: 50 }, () => new Array(20).fill(random.integer(2)));
    const apart = together.flat().map((value) => [value]);
    const width = (clusters: number[][]) => {
      const { lo, hi } = bootstrapMean(clusters, { seed: 2 });
      return hi - lo;
    };
    expect(width(together)).toBeGreaterThan(3 * width(apart));
  });

  it('gives the same interval for the same seed', () => {
    const values = [[1], [0], [1], [1], [0]];
    expect(bootstrapMean(values, { seed: 5 })).toEqual(bootstrapMean(values, { seed: 5 }));
  });

  it('refuses to speak about nothing', () => {
    expect(() => bootstrapMean([[], []])).toThrow(/at least one value/);
  });
});

describe('bootstrapPairedDifference', () => {
  it('cancels what a prompt does to both sides', () => {
    const clusters = Array.from({ length: 30 }, (_, i) => ({ treated: [i + 0.5], baseline: [i] }));
    expect(bootstrapPairedDifference(clusters)).toEqual({ mean: 0.5, lo: 0.5, hi: 0.5 });
  });

  it('averages within a prompt before it averages over prompts', () => {
    const { mean } = bootstrapPairedDifference([
      { treated: [1, 1, 1, 1], baseline: [0] },
      { treated: [0], baseline: [0, 1] },
    ]);
    expect(mean).toBe((1 - 0.5) / 2);
  });

  it('covers the true difference about as often as it says', () => {
    const random = createRandom(11);
    let covered = 0;
    for (let trial = 0; trial < 200; trial++) {
      const clusters = Array.from({ length: 40 }, () => {
        const prompt = random.normal();
        return { treated: [prompt + 0.2 + 0.5 * random.normal()], baseline: [prompt + 0.5 * random.normal()] };
      });
      const { lo, hi } = bootstrapPairedDifference(clusters, { seed: trial, resamples: 400 });
      if (lo <= 0.2 && 0.2 <= hi) covered++;
    }
    expect(covered).toBeGreaterThan(180);
    expect(covered).toBeLessThan(199);
  });

  it('names the pair that has only one side', () => {
    expect(() => bootstrapPairedDifference([{ treated: [1], baseline: [] }])).toThrow(/pair 0 has 1 and 0/);
  });
});
