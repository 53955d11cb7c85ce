/**
 * A linear probe: ridge regression from features to one-hot classes, read by the largest output. What it gets right, a
 * linear layer could read off the features; what it misses may still be there in another form.
 */

import { type Interval, wilsonInterval } from '../../packages/heed/src/statistics/index.ts';
import { standardiser } from './standardise.ts';

/** Rows of `width` features with the class of each. */
export interface ProbeSet {
  readonly features: Float32Array; // [N, width]
  readonly labels: readonly number[]; // [N], 0 to classes - 1
}

export interface ProbeResult {
  /** Share of the test rows whose class is right, with Wilson's 95 % interval. */
  readonly accuracy: Interval;
  readonly testRows: number;
  /** The strength of the regularisation, chosen on the last fifth of the training rows. */
  readonly lambda: number;
}

const LAMBDAS = [1, 10, 100, 1000, 10_000];

/** Trains on `train`, tells how often the classes of `test` are found. */
export function linearProbe(options: { width: number; classes: number; train: ProbeSet; test: ProbeSet }): ProbeResult {
  const { width, classes, train, test } = options;
  const scale = standardiser(train.features, width);
  const rows = train.labels.length;
  const kept = Math.floor(0.8 * rows);
  const x = scale(train.features);
  const held = { features: x.subarray(kept * width), labels: train.labels.slice(kept) };
  const weightsOf = (count: number, lambda: number) =>
    ridge(x.subarray(0, count * width), train.labels.slice(0, count), { width, classes, lambda });
  const scores = LAMBDAS.map((lambda) => rightCount(weightsOf(kept, lambda), held, { width, classes }));
  const lambda = LAMBDAS[scores.indexOf(Math.max(...scores))]!;
  const tested = { features: scale(test.features), labels: test.labels };
  const right = rightCount(weightsOf(rows, lambda), tested, { width, classes });
  return { accuracy: wilsonInterval(right, test.labels.length), testRows: test.labels.length, lambda };
}

/** Weights [width + 1, classes]; the last row is the constant. */
function ridge(
  x: Float64Array,
  labels: readonly number[],
  { width, classes, lambda }: { width: number; classes: number; lambda: number },
): Float64Array {
  const size = width + 1;
  const gram = new Float64Array(size * size);
  const target = new Float64Array(size * classes);
  const row = new Float64Array(size);
  labels.forEach((label, n) => {
    row.set(x.subarray(n * width, (n + 1) * width));
    row[width] = 1;
    for (let i = 0; i < size; i++) {
      const value = row[i]!;
      for (let j = 0; j <= i; j++) gram[i * size + j]! += value * row[j]!;
      target[i * classes + label]! += value;
    }
  });
  for (let i = 0; i < width; i++) gram[i * size + i]! += lambda;
  return solveSymmetric(gram, target, { size, columns: classes });
}

/** Solves A X = B by Cholesky; A's lower triangle [size, size] is overwritten, B [size, columns] becomes X. */
function solveSymmetric(
  a: Float64Array,
  b: Float64Array,
  { size, columns }: { size: number; columns: number },
): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * size + k]! * a[j * size + k]!;
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / a[j * size + j]!;
    }
  }
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < size; i++) {
      let sum = b[i * columns + c]!;
      for (let k = 0; k < i; k++) sum -= a[i * size + k]! * b[k * columns + c]!;
      b[i * columns + c] = sum / a[i * size + i]!;
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = b[i * columns + c]!;
      for (let k = i + 1; k < size; k++) sum -= a[k * size + i]! * b[k * columns + c]!;
      b[i * columns + c] = sum / a[i * size + i]!;
    }
  }
  return b;
}

function rightCount(
  weights: Float64Array,
  { features, labels }: { features: Float64Array; labels: readonly number[] },
  { width, classes }: { width: number; classes: number },
): number {
  const scores = new Float64Array(classes);
  const right = labels.filter((label, n) => {
    for (let c = 0; c < classes; c++) {
      let sum = weights[width * classes + c]!;
      for (let i = 0; i < width; i++) sum += features[n * width + i]! * weights[i * classes + c]!;
      scores[c] = sum;
    }
    return scores.indexOf(Math.max(...scores)) === label;
  });
  return right.length;
}
