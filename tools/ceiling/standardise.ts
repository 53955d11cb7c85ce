/** Scales columns of features to mean 0 and standard deviation 1. */

/** Returns the scaling that does so to `features` [N, width]. It can be applied to other rows, too. */
export function standardiser(features: Float32Array, width: number): (rows: Float32Array) => Float64Array {
  const count = features.length / width;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  features.forEach((value, i) => {
    mean[i % width]! += value / count;
  });
  features.forEach((value, i) => {
    deviation[i % width]! += (value - mean[i % width]!) ** 2 / count;
  });
  return (rows) =>
    Float64Array.from(rows, (value, i) => (value - mean[i % width]!) / Math.sqrt(deviation[i % width]! + 1e-12));
}
