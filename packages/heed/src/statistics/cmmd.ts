/**
 * CMMD: the maximum mean discrepancy between two sets of CLIP embeddings under a Gaussian kernel (Jayasumana et al.
 * 2024, "Rethinking FID"), with the constants of its reference code. Values compare only within one CLIP: those of
 * the emoji world's own CLIP mean nothing beside published ones.
 */

/** The kernel's bandwidth in the paper (its section 4). */
const SIGMA = 10;
/** The paper multiplies by 1000 to make the numbers readable. */
const SCALE = 1000;

/**
 * 1000 x MMD^2 between embeddings a [N, D] and b [M, D], row after row; each row is L2-normalised first. The biased
 * (V-statistic) estimate, diagonals included, as the reference code computes it: 0 for equal sets, never negative.
 */
export function cmmd(a: Float32Array, b: Float32Array, dimension: number): number {
  const x = normaliseRows(a, dimension);
  const y = normaliseRows(b, dimension);
  return (
    SCALE * Math.max(0, meanKernel(x, x, dimension) + meanKernel(y, y, dimension) - 2 * meanKernel(x, y, dimension))
  );
}

function meanKernel(x: Float64Array, y: Float64Array, dimension: number): number {
  const gamma = 1 / (2 * SIGMA * SIGMA);
  let total = 0;
  for (let i = 0; i < x.length; i += dimension) {
    for (let j = 0; j < y.length; j += dimension) {
      let squaredDistance = 0;
      for (let k = 0; k < dimension; k++) squaredDistance += (x[i + k]! - y[j + k]!) ** 2;
      // Distances between unit vectors are far below the bandwidth, so the kernel is near 1: the difference of means
      // keeps its digits only when 1 is taken off first.
      total += Math.expm1(-gamma * squaredDistance);
    }
  }
  return total / ((x.length / dimension) * (y.length / dimension));
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
