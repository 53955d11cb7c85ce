/**
 * Eigenvalues of a dense symmetric matrix, without eigenvectors. Householder's reduction gives a tridiagonal matrix,
 * whose eigenvalues are found by QL with implicit shifts (Martin, Reinsch and Wilkinson 1968; EISPACK's `tred1` and
 * `imtql1`). For a matrix of 2,048 x 2,048 nearly all time goes into one pass over the lower triangle in each step. The
 * pass updates the triangle and multiplies it with the next vector.
 */
import type { Pause } from './pause.ts';

/** QL needs fewer than two iterations per eigenvalue on average; EISPACK gives up after 30. */
const MAX_ITERATIONS = 60;

/** All eigenvalues, unsorted. Reads the lower triangle of `matrix` [size, size], row by row, and overwrites it. */
export async function symmetricEigenvalues(matrix: Float64Array, size: number, pause: Pause): Promise<Float64Array> {
  if (matrix.length !== size * size) {
    throw new Error(`eigenvalues: expected ${size} x ${size} numbers, got ${matrix.length}`);
  }
  const { diagonal, below } = await tridiagonalise(matrix, size, pause);
  return tridiagonalEigenvalues(diagonal, below);
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** below[i] is the entry of row i + 1 and column i; the last one is unused. */
  readonly below: Float64Array;
}

/** A pending rank-2 update A - v w^T - w v^T, and the next product p = A u. */
interface Step {
  readonly v: Float64Array;
  readonly w: Float64Array;
  readonly u: Float64Array;
  readonly p: Float64Array;
}

async function tridiagonalise(a: Float64Array, size: number, pause: Pause): Promise<Tridiagonal> {
  const diagonal = new Float64Array(size);
  const below = new Float64Array(size);
  const vector = () => new Float64Array(size);
  const step: Step = { v: vector(), w: vector(), u: vector(), p: vector() };
  const { v, w, u, p } = step;
  for (let k = size - 1; k >= 1; k--) {
    await pause();
    const row = a.subarray(k * size, k * size + k + 1);
    const [vk, wk] = [v[k]!, w[k]!];
    let square = 0;
    for (let j = 0; j <= k; j++) {
      const value = row[j]! - vk * w[j]! - wk * v[j]!;
      row[j] = value;
      u[j] = value;
      if (j < k) square += value * value;
    }
    diagonal[k] = row[k]!;
    // The reflection that maps the row's first k numbers to a multiple of the last unit vector.
    const last = row[k - 1]!;
    const mapped = last > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    below[k - 1] = mapped;
    u[k - 1] = last - mapped;
    const half = square - last * mapped; // |u|^2 / 2
    p.fill(0, 0, k);
    updateAndMultiply(a, size, k, step);
    if (half > 0) {
      let product = 0;
      for (let j = 0; j < k; j++) {
        p[j]! /= half;
        product += u[j]! * p[j]!;
      }
      const share = product / (2 * half);
      for (let j = 0; j < k; j++) {
        v[j] = u[j]!;
        w[j] = p[j]! - share * u[j]!;
      }
    } else {
      v.fill(0, 0, k);
      w.fill(0, 0, k);
    }
  }
  diagonal[0] = a[0]! - 2 * v[0]! * w[0]!;
  return { diagonal, below };
}

/**
 * Makes one pass over the lower triangle of the leading `count` rows, which applies the pending update and adds A u to
 * p. The pass handles four rows at a time.
 */
function updateAndMultiply(a: Float64Array, size: number, count: number, step: Step): void {
  const { v, w, u, p } = step;
  let i = 0;
  for (; i + 3 < count; i += 4) {
    const [r0, r1, r2, r3] = [i * size, (i + 1) * size, (i + 2) * size, (i + 3) * size];
    const [v0, v1, v2, v3] = [v[i]!, v[i + 1]!, v[i + 2]!, v[i + 3]!];
    const [w0, w1, w2, w3] = [w[i]!, w[i + 1]!, w[i + 2]!, w[i + 3]!];
    const [u0, u1, u2, u3] = [u[i]!, u[i + 1]!, u[i + 2]!, u[i + 3]!];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let j = 0; j < i; j++) {
      const [vj, wj, uj] = [v[j]!, w[j]!, u[j]!];
      const a0 = a[r0 + j]! - v0 * wj - w0 * vj;
      const a1 = a[r1 + j]! - v1 * wj - w1 * vj;
      const a2 = a[r2 + j]! - v2 * wj - w2 * vj;
      const a3 = a[r3 + j]! - v3 * wj - w3 * vj;
      a[r0 + j] = a0;
      a[r1 + j] = a1;
      a[r2 + j] = a2;
      a[r3 + j] = a3;
      s0 += a0 * uj;
      s1 += a1 * uj;
      s2 += a2 * uj;
      s3 += a3 * uj;
      p[j]! += a0 * u0 + a1 * u1 + a2 * u2 + a3 * u3;
    }
    p[i]! += s0;
    p[i + 1]! += s1;
    p[i + 2]! += s2;
    p[i + 3]! += s3;
    for (let row = i; row < i + 4; row++) updateRow(a, size, { row, from: i }, step);
  }
  for (; i < count; i++) updateRow(a, size, { row: i, from: 0 }, step);
}

/** Like `updateAndMultiply` for one row, from column `from` to the diagonal. */
function updateRow(
  a: Float64Array,
  size: number,
  { row, from }: { row: number; from: number },
  { v, w, u, p }: Step,
): void {
  const start = row * size;
  const [vi, wi, ui] = [v[row]!, w[row]!, u[row]!];
  let sum = 0;
  for (let j = from; j < row; j++) {
    const value = a[start + j]! - vi * w[j]! - wi * v[j]!;
    a[start + j] = value;
    sum += value * u[j]!;
    p[j]! += value * ui;
  }
  const value = a[start + row]! - 2 * vi * wi;
  a[start + row] = value;
  p[row]! += sum + value * ui;
}

/** QL with implicit shifts on d (diagonal) and e (below it); both are overwritten, d is returned. */
function tridiagonalEigenvalues(d: Float64Array, e: Float64Array): Float64Array {
  const size = d.length;
  for (let first = 0; first < size; first++) {
    for (let iteration = 0; ; iteration++) {
      const end = blockEnd(d, e, first);
      if (end === first) break;
      if (iteration === MAX_ITERATIONS) throw new Error('eigenvalues: expected QL to converge, but it does not');
      rotateBlock(d, e, { first, end });
    }
  }
  return d;
}

/** End of the block that begins at `first`: the next index whose off-diagonal entry is only rounding error. */
function blockEnd(d: Float64Array, e: Float64Array, first: number): number {
  for (let at = first; at < d.length - 1; at++) {
    if (Math.abs(e[at]!) <= Number.EPSILON * (Math.abs(d[at]!) + Math.abs(d[at + 1]!))) return at;
  }
  return d.length - 1;
}

function rotateBlock(d: Float64Array, e: Float64Array, { first, end }: { first: number; end: number }): void {
  const slope = (d[first + 1]! - d[first]!) / (2 * e[first]!);
  const root = Math.hypot(slope, 1);
  let g = d[end]! - d[first]! + e[first]! / (slope + (slope >= 0 ? root : -root));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = end - 1; i >= first; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    const r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= shift;
      e[end] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    const q = d[i + 1]! - shift;
    const t = (d[i]! - q) * sine + 2 * cosine * b;
    shift = sine * t;
    d[i + 1] = q + shift;
    g = cosine * t - b;
  }
  d[first]! -= shift;
  e[first] = g;
  e[end] = 0;
}
