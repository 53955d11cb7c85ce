/**
 * The pivoted Cholesky factor of a covariance, whose rank may be lower than its size (Higham 1990; LAPACK's dpstrf).
 */
import { createFloat64Product } from '@heed/diffusion/autodiff';
import type { Pause } from './pause.ts';

/** Number of rows in a block. After each block, its contribution is subtracted from the whole matrix in one product. */
const PANEL = 64;

/** The factor F with S = F^T F: `rank` rows. The columns have the same order as in the matrix S. */
export interface Factor {
  readonly rank: number;
  /** [rank, size], row by row. */
  readonly rows: Float64Array;
}

/**
 * Factors the symmetric positive semi-definite `matrix` [size, size]. The factorisation ends when the largest remaining
 * pivot is below the rounding error of the largest diagonal entry. For a matrix that is not positive semi-definite,
 * only the part that was factored before the pivots became negative is returned.
 */
export async function pivotedCholesky(
  matrix: Float64Array,
  size: number,
  { pause, threads }: { pause: Pause; threads?: number | undefined },
): Promise<Factor> {
  const left = Float64Array.from({ length: size }, (_, i) => matrix[i * size + i]!);
  const tolerance = size * Number.EPSILON * left.reduce((most, value) => Math.max(most, value), 0);
  const rows = new Float64Array(size * size);
  const isTaken = new Uint8Array(size);
  const shape = [PANEL, size];
  const product = await createFloat64Product({
    left: shape,
    right: shape,
    transposeLeft: true,
    accumulate: true,
    threads,
  });
  try {
    let rest = matrix;
    let spare: Float64Array = new Float64Array(size * size);
    let rank = 0;
    for (let start = 0; rank < size; rank++) {
      await pause();
      if (rank === start + PANEL) {
        const panel = rows.subarray(start * size, rank * size);
        const next = await product.run({ left: panel.map((value) => -value), right: panel, sum: rest, into: spare });
        spare = rest === matrix ? new Float64Array(size * size) : rest;
        rest = next;
        start = rank;
      }
      const pivot = largestLeft(left, isTaken);
      if (pivot < 0 || !(left[pivot]! > tolerance)) break;
      const row = rows.subarray(rank * size, (rank + 1) * size);
      row.set(rest.subarray(pivot * size, (pivot + 1) * size));
      subtractRows(rows, { size, from: start, to: rank, pivot, row });
      const scale = 1 / Math.sqrt(left[pivot]!);
      for (let j = 0; j < size; j++) {
        const value = isTaken[j] ? 0 : row[j]! * scale;
        row[j] = value;
        left[j]! -= value * value;
      }
      row[pivot] = 1 / scale;
      isTaken[pivot] = 1;
    }
    return { rank, rows: rows.slice(0, rank * size) };
  } finally {
    product.dispose();
  }
}

function largestLeft(left: Float64Array, isTaken: Uint8Array): number {
  let best = -1;
  for (let i = 0; i < left.length; i++) if (!isTaken[i] && (best < 0 || left[i]! > left[best]!)) best = i;
  return best;
}

/** row -= rows[k][pivot] * rows[k] for k in [from, to), four at a time so that `row` is read and written less. */
function subtractRows(
  rows: Float64Array,
  { size, from, to, pivot, row }: { size: number; from: number; to: number; pivot: number; row: Float64Array },
): void {
  let k = from;
  for (; k + 3 < to; k += 4) {
    const [a, b, c, d] = [k * size, (k + 1) * size, (k + 2) * size, (k + 3) * size];
    const [fa, fb, fc, fd] = [rows[a + pivot]!, rows[b + pivot]!, rows[c + pivot]!, rows[d + pivot]!];
    for (let j = 0; j < size; j++) {
      row[j]! -= fa * rows[a + j]! + fb * rows[b + j]! + fc * rows[c + j]! + fd * rows[d + j]!;
    }
  }
  for (; k < to; k++) {
    const start = k * size;
    const factor = rows[start + pivot]!;
    for (let j = 0; j < size; j++) row[j]! -= factor * rows[start + j]!;
  }
}
