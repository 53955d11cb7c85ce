/**
 * Closed forms, and pytorch-fid's own number on the same embeddings: equal sets, a pure shift, and diagonal Gaussians,
 * for which the distance is a sum over axes.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import { frechetDistance } from './frechet.ts';
import golden from './golden/distances.json' with { type: 'json' };
import { momentsOf } from './moments.ts';
import { formulaEmbeddings } from './testing.ts';

function normals(count: number, dimension: number, seed: number): Float32Array {
  return createRandom(seed).fillNormal(new Float32Array(count * dimension));
}

describe('frechetDistance', () => {
  const diagonal = (...values: number[]) =>
    Float64Array.from({ length: values.length ** 2 }, (_, i) =>
      i % (values.length + 1) === 0 ? values[i / (values.length + 1)]! : 0,
    );

  it('is zero between a set and itself', async () => {
    const moments = await momentsOf(normals(400, 6, 1), 6);
    expect(await frechetDistance(moments, moments)).toBeCloseTo(0, 9);
  });

  it('is the squared length of a pure shift', async () => {
    const rows = normals(200, 4, 2);
    const shifted = rows.map((value, i) => value + [1, -2, 0.5, 0][i % 4]!);
    const distance = await frechetDistance(await momentsOf(rows, 4), await momentsOf(shifted, 4));
    expect(distance).toBeCloseTo(1 + 4 + 0.25, 4);
  });

  it('is the sum of squared differences of deviations for diagonal Gaussians', async () => {
    const a = { mean: Float64Array.from([0, 0]), covariance: diagonal(1, 9) };
    const b = { mean: Float64Array.from([3, 0]), covariance: diagonal(4, 25) };
    expect(await frechetDistance(a, b)).toBeCloseTo(9 + (1 - 2) ** 2 + (3 - 5) ** 2, 12);
  });

  it('holds for covariances that do not commute', async () => {
    // S1 = diag(4, 1), S2 = [[2, 1], [1, 2]]. For 2 x 2 matrices tr(sqrt(M)) = sqrt(tr M + 2 sqrt(det M)), and
    // M = S1 S2 = [[8, 4], [1, 2]] has trace 10 and determinant 12.
    const a = { mean: new Float64Array(2), covariance: diagonal(4, 1) };
    const b = { mean: new Float64Array(2), covariance: Float64Array.from([2, 1, 1, 2]) };
    expect(await frechetDistance(a, b)).toBeCloseTo(5 + 4 - 2 * Math.sqrt(10 + 2 * Math.sqrt(12)), 10);
    expect(await frechetDistance(b, a)).toBeCloseTo(await frechetDistance(a, b), 10);
  });

  it('holds for covariances of lower rank than dimensions', async () => {
    // One direction each, at an angle of 60 degrees: the root of S1 S2 has the trace |u| |v| cos 60.
    const [u, v] = [
      [2, 0, 0],
      [1.5, 1.5 * Math.sqrt(3), 0],
    ] as const;
    const outer = (x: readonly number[]) =>
      Float64Array.from({ length: 9 }, (_, i) => x[Math.floor(i / 3)]! * x[i % 3]!);
    const a = { mean: new Float64Array(3), covariance: outer(u) };
    const b = { mean: new Float64Array(3), covariance: outer(v) };
    expect(await frechetDistance(a, b)).toBeCloseTo(4 + 9 - 2 * 2 * 3 * 0.5, 6);
    const few = await momentsOf(normals(10, 32, 3), 32);
    expect(await frechetDistance(few, few)).toBeCloseTo(0, 6);
  });

  it('holds where a set does not vary at all, and for covariances near the largest number', async () => {
    const still = { mean: Float64Array.from([1, 0]), covariance: diagonal(0, 0) };
    const wide = { mean: new Float64Array(2), covariance: diagonal(3, 4) };
    expect(await frechetDistance(still, wide)).toBe(1 + 7);
    const huge = { mean: new Float64Array(2), covariance: diagonal(1e300, 4e300) };
    expect(await frechetDistance(huge, huge)).toBeLessThan(1e288);
  });

  it.each(golden)(
    'agrees with pytorch-fid: $dimension dimensions, $counts embeddings',
    async ({ dimension, counts, frechet }) => {
      const [a, b] = await Promise.all(
        counts.map((count, i) => momentsOf(formulaEmbeddings(`set ${i}`, count, dimension), dimension)),
      );
      // Where covariances are singular, scipy's root of their product is itself good to 1e-6.
      expect(Math.abs((await frechetDistance(a!, b!)) - frechet)).toBeLessThan(1e-5);
    },
  );

  it('names both lengths when they differ', async () => {
    const [a, b] = [await momentsOf(normals(9, 2, 1), 2), await momentsOf(normals(9, 3, 1), 3)];
    await expect(frechetDistance(a, b)).rejects.toThrow(/2 and 3/);
  });

  it('ends at once when it is aborted', async () => {
    const size = 700;
    const covariance = Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
    const moments = { mean: new Float64Array(size), covariance };
    const aborted = AbortSignal.abort();
    await expect(frechetDistance(moments, moments, { signal: aborted })).rejects.toThrow(/abort/);
  });
});
