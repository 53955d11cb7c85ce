/**
 * CMMD: the maximum mean discrepancy between two sets of CLIP embeddings under a Gaussian kernel (Jayasumana et al.
 * 2024, "Rethinking FID"), with the constants of its reference code. Values are comparable only for the same CLIP
 * model. Values with the emoji world's CLIP cannot be compared with published values.
 */
import { createFloat64Product } from '@heed/diffusion/autodiff';
import { createPause, type Pause } from './pause.ts';

/** The kernel's bandwidth in the paper (its section 4). */
const SIGMA = 10;
/** The paper multiplies by 1000 to make the numbers readable. */
const SCALE = 1000;
/** Number of rows of each set in one matrix product. */
const ROWS_AT_ONCE = 1024;

interface CmmdOptions {
  signal?: AbortSignal | undefined;
  threads?: number | undefined;
}

/**
 * 1000 x MMD^2 between embeddings a [N, D] and b [M, D], row after row; each row is L2-normalised first. This is the
 * biased estimate (a V-statistic, diagonals included) that the reference code computes: 0 for equal sets, never
 * negative. Time grows with (N + M)^2 D, memory with (N + M) D.
 */
export async function cmmd(
  a: Float32Array,
  b: Float32Array,
  dimension: number,
  options: CmmdOptions = {},
): Promise<number> {
  const partOf = new Int32Array(Math.max(1, Math.ceil(a.length / dimension)));
  const distance = await cmmdByPart(a, b, dimension, { ...options, partOf, parts: 1 });
  return distance([0]);
}

/** Computes the CMMD of the rows in the given parts of a set. */
export type PartDistance = (parts: readonly number[]) => number;

/**
 * Prepares `cmmd` for selections of parts of `a` [N, D]. Row i of `a` belongs to part `partOf[i]`, a number below
 * `parts`. The kernels are computed once. The distance for a selection of parts is then a sum of parts^2 values. The
 * selection must contain at least one row.
 */
export async function cmmdByPart(
  a: Float32Array,
  b: Float32Array,
  dimension: number,
  { partOf, parts: count, signal, threads }: CmmdOptions & { partOf: ArrayLike<number>; parts: number },
): Promise<PartDistance> {
  const x = normaliseRows(a, dimension);
  const y = normaliseRows(b, dimension);
  const blocks = { dimension, threads, pause: createPause({ signal }) };
  const sizes = new Float64Array(count);
  for (let row = 0; row < x.length / dimension; row++) sizes[partOf[row]!]! += 1;
  const left = { rows: x, partOf, parts: count };
  const right = { rows: y, partOf: new Int32Array(y.length / dimension), parts: 1 };
  const within = await kernelSums(left, left, blocks);
  const across = await kernelSums(left, right, blocks);
  const size = y.length / dimension;
  const reference = (await kernelSums(right, right, blocks))[0]! / (size * size);
  return (parts) => {
    let [rows, between, inside] = [0, 0, 0];
    for (const one of parts) {
      rows += sizes[one]!;
      between += across[one]!;
      for (const other of parts) inside += within[one * count + other]!;
    }
    return SCALE * Math.max(0, inside / (rows * rows) + reference - (2 * between) / (rows * size));
  };
}

/** Rows, and the part that each row belongs to. */
interface PartRows {
  readonly rows: Float64Array;
  readonly partOf: ArrayLike<number>;
  readonly parts: number;
}

/** For each part of x and each part of y, the sum of (kernel - 1) over all pairs of rows: [x.parts, y.parts]. */
async function kernelSums(
  x: PartRows,
  y: PartRows,
  { dimension, threads, pause }: { dimension: number; threads: number | undefined; pause: Pause },
): Promise<Float64Array> {
  const gamma = 1 / (2 * SIGMA * SIGMA);
  const side = Math.min(ROWS_AT_ONCE, Math.max(x.rows.length, y.rows.length) / dimension);
  const shape = [side, dimension];
  const product = await createFloat64Product({ left: shape, right: shape, transposeRight: true, threads });
  const cosines = new Float64Array(side * side);
  const sums = new Float64Array(x.parts * y.parts);
  try {
    let firstRow = 0;
    for (const left of blocksOf(x.rows, side * dimension)) {
      const rows = left.length / dimension;
      let firstColumn = 0;
      for (const right of blocksOf(y.rows, side * dimension)) {
        await product.run({ left: left.block, right: right.block, into: cosines });
        const columns = right.length / dimension;
        for (let i = 0; i < rows; i++) {
          await pause();
          const place = x.partOf[firstRow + i]! * y.parts;
          for (let j = 0; j < columns; j++) {
            // Distances between unit vectors are far below the bandwidth, so the kernel is near 1. Subtracting 1 first
            // keeps the digits of the difference of means. Rounding may give a cosine above 1.
            sums[place + y.partOf[firstColumn + j]!]! += Math.expm1(
              -gamma * Math.max(0, 2 - 2 * cosines[i * side + j]!),
            );
          }
        }
        firstColumn += columns;
      }
      firstRow += rows;
    }
    return sums;
  } finally {
    product.dispose();
  }
}

/**
 * Yields slices of `size` numbers. The last slice is padded with zeros; `length` is the number of values without
 * padding.
 */
function* blocksOf(values: Float64Array, size: number): Generator<{ block: Float64Array; length: number }> {
  for (let start = 0; start < values.length; start += size) {
    const part = values.subarray(start, start + size);
    if (part.length === size) {
      yield { block: part, length: size };
      continue;
    }
    const block = new Float64Array(size);
    block.set(part);
    yield { block, length: part.length };
  }
}

function normaliseRows(rows: Float32Array, dimension: number): Float64Array {
  if (rows.length === 0 || rows.length % dimension !== 0) {
    throw new Error(`CMMD needs whole embeddings of ${dimension} numbers each, got ${rows.length} numbers`);
  }
  const result = Float64Array.from(rows);
  for (let start = 0; start < rows.length; start += dimension) {
    let squares = 0;
    for (let k = 0; k < dimension; k++) squares += result[start + k]! ** 2;
    const norm = Math.sqrt(squares);
    if (norm === 0) throw new Error(`embedding ${start / dimension} is all zeros and has no direction`);
    for (let k = 0; k < dimension; k++) result[start + k]! /= norm;
  }
  return result;
}
