/**
 * Fréchet distance between two sets of embeddings, each modelled as a Gaussian (Dowson and Landau 1982). With
 * embeddings of Inception, this distance is called FID (Heusel et al. 2017). The Fréchet distance of other embeddings
 * is not FID.
 */
import { createFloat64Product } from '@heed/diffusion/autodiff';
import type { Moments } from './moments.ts';
import { createPause } from './pause.ts';
import { type Factor, pivotedCholesky } from './pivoted-cholesky.ts';
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts';

/**
 * |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1 S2)^1/2), never below 0. With S1 = F^T F the product S1 S2 has the
 * eigenvalues of the symmetric F S2 F^T. No matrix root is taken, so singular covariances (fewer embeddings than
 * dimensions) need no special case. pytorch-fid takes scipy's `sqrtm` of S1 S2; the trace is the same.
 */
export async function frechetDistance(
  a: Moments,
  b: Moments,
  { signal, threads }: { signal?: AbortSignal | undefined; threads?: number | undefined } = {},
): Promise<number> {
  const size = a.mean.length;
  if (size !== b.mean.length) {
    throw new Error(`both sets must have embeddings of one length, got ${size} and ${b.mean.length}`);
  }
  let distance = 0;
  for (let i = 0; i < size; i++) distance += (a.mean[i]! - b.mean[i]!) ** 2;
  const [traceA, traceB] = [trace(a.covariance, size), trace(b.covariance, size)];
  distance += traceA + traceB;
  if (!(traceA > 0) || !(traceB > 0)) return Math.max(0, distance);
  // Scaled to unit trace, so that no product of finite covariances overflows.
  const [left, right] = [a.covariance.map((value) => value / traceA), b.covariance.map((value) => value / traceB)];
  const pause = createPause({ signal });
  const factor = await pivotedCholesky(left, size, { pause, threads });
  const inner = await sandwich(factor, right, { size, signal, threads });
  let traceOfRoot = 0;
  for (const value of await symmetricEigenvalues(inner, factor.rank, pause))
    traceOfRoot += Math.sqrt(Math.max(0, value));
  return Math.max(0, distance - 2 * Math.sqrt(traceA) * Math.sqrt(traceB) * traceOfRoot);
}

function trace(matrix: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += matrix[i * size + i]!;
  return sum;
}

/** F S F^T: [rank, rank]. */
async function sandwich(
  { rank, rows }: Factor,
  matrix: Float64Array,
  { size, signal, threads }: { size: number; signal?: AbortSignal | undefined; threads?: number | undefined },
): Promise<Float64Array> {
  const first = await createFloat64Product({ left: [rank, size], right: [size, size], threads });
  const second = await createFloat64Product({ left: [rank, size], right: [rank, size], transposeRight: true, threads });
  try {
    const half = await first.run({ left: rows, right: matrix }, { signal });
    return await second.run({ left: half, right: rows }, { signal });
  } finally {
    first.dispose();
    second.dispose();
  }
}
