/**
 * Fréchet distance between two sets of embeddings, each taken as a Gaussian (Dowson and Landau 1982; Heusel et al.
 * 2017, where the embeddings are Inception's and the distance is called FID). Here they are whatever the caller
 * brings: this is not FID.
 */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Mean [D] and covariance [D, D] (divided by N - 1) of a set of embeddings. */
export interface Moments {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/** Mean and covariance of embeddings [N, D] laid out row after row; N must be at least 2. */
export function momentsOf(embeddings: Float32Array, dimension: number): Moments {
  const count = embeddings.length / dimension;
  if (!Number.isInteger(count) || count < 2) {
    throw new Error(
      `moments need at least 2 embeddings of ${dimension} numbers each, got ${embeddings.length} numbers`,
    );
  }
  const mean = new Float64Array(dimension);
  for (let i = 0; i < embeddings.length; i++) mean[i % dimension]! += embeddings[i]! / count;
  const covariance = Matrix.zeros(dimension, dimension);
  const centred = new Float64Array(dimension);
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < dimension; i++) centred[i] = embeddings[n * dimension + i]! - mean[i]!;
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j <= i; j++) {
        covariance.set(i, j, covariance.get(i, j) + (centred[i]! * centred[j]!) / (count - 1));
      }
    }
  }
  for (let i = 0; i < dimension; i++) for (let j = 0; j < i; j++) covariance.set(j, i, covariance.get(i, j));
  return { mean, covariance };
}

/**
 * |m1 - m2|^2 + tr(S1) + tr(S2) - 2 tr((S1^1/2 S2 S1^1/2)^1/2). The inner product is symmetric, so two symmetric
 * eigendecompositions replace the root of the non-symmetric S1 S2 that pytorch-fid takes; the trace is the same.
 */
export function frechetDistance(a: Moments, b: Moments): number {
  if (a.mean.length !== b.mean.length) {
    throw new Error(`both sets must have embeddings of one length, got ${a.mean.length} and ${b.mean.length}`);
  }
  let meanTerm = 0;
  for (let i = 0; i < a.mean.length; i++) meanTerm += (a.mean[i]! - b.mean[i]!) ** 2;
  const rootOfA = squareRoot(a.covariance);
  const inner = rootOfA.mmul(b.covariance).mmul(rootOfA);
  let traceOfRoot = 0;
  for (const value of symmetricEigen(inner).realEigenvalues) traceOfRoot += Math.sqrt(Math.max(0, value));
  return meanTerm + a.covariance.trace() + b.covariance.trace() - 2 * traceOfRoot;
}

/** The root of a symmetric positive semi-definite matrix; eigenvalues that rounding made negative count as 0. */
function squareRoot(matrix: Matrix): Matrix {
  const eigen = symmetricEigen(matrix);
  const vectors = eigen.eigenvectorMatrix;
  const scaled = vectors.clone();
  eigen.realEigenvalues.forEach((value, column) => {
    scaled.mulColumn(column, Math.sqrt(Math.max(0, value)));
  });
  return scaled.mmul(vectors.transpose());
}

function symmetricEigen(matrix: Matrix): EigenvalueDecomposition {
  // Rounding leaves the product a hair off symmetry, which the solver would not forgive.
  const symmetric = Matrix.add(matrix, matrix.transpose()).mul(0.5);
  return new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
}
