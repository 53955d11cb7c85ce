/** Eigenvalues that are known: diagonal, of a chain, of products of reflections, and of a matrix's factor. */
import { createRandom } from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import { createPause } from './pause.ts';
import { pivotedCholesky } from './pivoted-cholesky.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';

const pause = createPause();
const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);

/** The matrix with these eigenvalues in a basis turned by random reflections. */
function turned(eigenvalues: readonly number[], seed: number): Float64Array {
  const size = eigenvalues.length;
  const random = createRandom(seed);
  let matrix = Float64Array.from({ length: size * size }, (_, i) =>
    i % (size + 1) === 0 ? eigenvalues[i / (size + 1)]! : 0,
  );
  for (let round = 0; round < 3; round++) {
    const u = random.fillNormal(new Float32Array(size));
    const square = u.reduce((sum, value) => sum + value * value, 0);
    const reflect = (m: Float64Array) => {
      const result = m.slice();
      for (let column = 0; column < size; column++) {
        let product = 0;
        for (let i = 0; i < size; i++) product += u[i]! * m[i * size + column]!;
        for (let i = 0; i < size; i++) result[i * size + column]! -= (2 * product * u[i]!) / square;
      }
      return result;
    };
    const transposed = (m: Float64Array) => m.map((_, i) => m[(i % size) * size + Math.floor(i / size)]!);
    matrix = transposed(reflect(transposed(reflect(matrix))));
  }
  return matrix;
}

describe('symmetricEigenvalues', () => {
  it.each([1, 2, 3, 4, 5, 8, 33, 90])('finds %i of them in a turned basis', async (size) => {
    const expected = Array.from({ length: size }, (_, i) => (i % 3 === 0 ? 0 : (i - size / 3) ** 3));
    const found = await symmetricEigenvalues(turned(expected, size), size, pause);
    const largest = Math.max(1, ...expected.map(Math.abs));
    sorted(found).forEach((value, i) => {
      expect(Math.abs(value - sorted(expected)[i]!) / largest).toBeLessThan(1e-13);
    });
  });

  it('finds those of a chain, 2 - 2 cos(k pi / (n + 1))', async () => {
    const size = 50;
    const chain = Float64Array.from({ length: size * size }, (_, i) => {
      const distance = Math.abs(Math.floor(i / size) - (i % size));
      return distance === 0 ? 2 : distance === 1 ? -1 : 0;
    });
    const found = sorted(await symmetricEigenvalues(chain, size, pause));
    found.forEach((value, k) => {
      expect(value).toBeCloseTo(2 - 2 * Math.cos(((k + 1) * Math.PI) / (size + 1)), 13);
    });
  });

  it('holds for zeros, for equal ones and for numbers of very different size', async () => {
    expect([...(await symmetricEigenvalues(new Float64Array(25), 5, pause))]).toEqual([0, 0, 0, 0, 0]);
    const equal = await symmetricEigenvalues(turned([7, 7, 7, 7], 1), 4, pause);
    for (const value of equal) expect(value).toBeCloseTo(7, 12);
    const graded = sorted(await symmetricEigenvalues(turned([1e-280, 1e-140, 1, 1e140], 2), 4, pause));
    expect(graded.at(-1)! / 1e140).toBeCloseTo(1, 12);
  });

  it('refuses numbers that are no square', async () => {
    await expect(symmetricEigenvalues(new Float64Array(5), 2, pause)).rejects.toThrow('expected 2 x 2 numbers, got 5');
  });
});

describe('pivotedCholesky', () => {
  const multiplied = ({ rank, rows }: { rank: number; rows: Float64Array }, size: number) =>
    Float64Array.from({ length: size * size }, (_, i) => {
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += rows[k * size + Math.floor(i / size)]! * rows[k * size + (i % size)]!;
      return sum;
    });

  it.each([
    ['of full rank', [1, 2, 3, 4, 5, 6, 7, 8, 9], 9],
    ['of lower rank', [0, 0, 5, 0, 1e-4, 3, 0, 2, 0], 4],
    ['of many panels', Array.from({ length: 200 }, (_, i) => (i % 4 === 0 ? 0 : 1 + i)), 150],
    ['of zeros', [0, 0, 0], 0],
  ])('gives back a matrix %s', async (_, eigenvalues, rank) => {
    const size = eigenvalues.length;
    const matrix = turned(eigenvalues, 3);
    const factor = await pivotedCholesky(matrix, size, { pause });
    expect(factor.rank).toBe(rank);
    multiplied(factor, size).forEach((value, i) => {
      expect(value).toBeCloseTo(matrix[i]!, 10);
    });
  });

  it('ends where a matrix stops being positive', async () => {
    const { rank, rows } = await pivotedCholesky(Float64Array.from([4, 0, 0, -1]), 2, { pause });
    expect([rank, ...rows]).toEqual([1, 2, 0]);
  });
});
