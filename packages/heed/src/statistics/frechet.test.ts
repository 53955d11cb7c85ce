/** Closed forms: equal sets, a pure shift, and diagonal Gaussians, for which the distance is a sum over axes. */
import { createRandom } from '@heed/diffusion/autodiff';
import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { frechetDistance, momentsOf } from './frechet.ts';

function normals(count: number, dimension: number, seed: number): Float32Array {
  return createRandom(seed).fillNormal(new Float32Array(count * dimension));
}

describe('momentsOf', () => {
  it('gives the mean and the covariance divided by N - 1', () => {
    const { mean, covariance } = momentsOf(Float32Array.from([1, 2, 3, 6, 5, 10]), 2); // [3, 2]
    expect([...mean]).toEqual([3, 6]);
    expect(covariance.to2DArray()).toEqual([
      [4, 8],
      [8, 16],
    ]);
  });

  it('refuses a single embedding', () => {
    expect(() => momentsOf(new Float32Array(4), 4)).toThrow(/at least 2 embeddings of 4/);
  });
});

describe('frechetDistance', () => {
  it('is zero between a set and itself', () => {
    const moments = momentsOf(normals(400, 6, 1), 6);
    expect(frechetDistance(moments, moments)).toBeCloseTo(0, 9);
  });

  it('is the squared length of a pure shift', () => {
    const rows = normals(200, 4, 2);
    const shifted = rows.map((value, i) => value + [1, -2, 0.5, 0][i % 4]!);
    expect(frechetDistance(momentsOf(rows, 4), momentsOf(shifted, 4))).toBeCloseTo(1 + 4 + 0.25, 4);
  });

  it('is the sum of squared differences of deviations for diagonal Gaussians', () => {
    const a = { mean: Float64Array.from([0, 0]), covariance: Matrix.diag([1, 9]) };
    const b = { mean: Float64Array.from([3, 0]), covariance: Matrix.diag([4, 25]) };
    expect(frechetDistance(a, b)).toBeCloseTo(9 + (1 - 2) ** 2 + (3 - 5) ** 2, 12);
  });

  it('holds for covariances that do not commute', () => {
    // S1 = diag(4, 1), S2 = [[2, 1], [1, 2]]. For 2 x 2 matrices tr(sqrt(M)) = sqrt(tr M + 2 sqrt(det M)), and
    // M = S1 S2 = [[8, 4], [1, 2]] has trace 10 and determinant 12.
    const a = { mean: new Float64Array(2), covariance: Matrix.diag([4, 1]) };
    const b = {
      mean: new Float64Array(2),
      covariance: new Matrix([
        [2, 1],
        [1, 2],
      ]),
    };
    expect(frechetDistance(a, b)).toBeCloseTo(5 + 4 - 2 * Math.sqrt(10 + 2 * Math.sqrt(12)), 10);
    expect(frechetDistance(b, a)).toBeCloseTo(frechetDistance(a, b), 10);
  });

  it('survives fewer samples than dimensions', () => {
    const a = momentsOf(normals(10, 32, 3), 32);
    const b = momentsOf(normals(10, 32, 4), 32);
    expect(frechetDistance(a, b)).toBeGreaterThan(0);
  });

  it('names both lengths when they differ', () => {
    expect(() => frechetDistance(momentsOf(normals(9, 2, 1), 2), momentsOf(normals(9, 3, 1), 3))).toThrow(/2 and 3/);
  });
});
