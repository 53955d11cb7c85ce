/**
 * Mean and covariance of embeddings in float64, summed batch by batch, so that embeddings need not stay in memory. Sums
 * can be saved and continued later; the result is then bit-identical to an uninterrupted computation.
 */
import { createFloat64Product } from '@heed/diffusion/autodiff';

/** Mean [D] and covariance [D, D] (divided by N - 1) of a set of embeddings. */
export interface Moments {
  readonly mean: Float64Array;
  /** Row-major, symmetric. */
  readonly covariance: Float64Array;
}

/** Sums over the embeddings of a set that have been added so far. */
export interface MomentSums {
  /** Number of embeddings so far. */
  readonly count: number;
  /** The first embedding [D], which is subtracted from every embedding for numerical precision. */
  readonly shift: Float64Array;
  /** [D] */
  readonly sum: Float64Array;
  /** Sum of the outer products, [D, D]. */
  readonly products: Float64Array;
}

/** Accumulates the sums over a set of embeddings; owns a compiled graph, which `dispose` releases. */
export interface MomentsAccumulator {
  /** Number of embeddings so far. */
  readonly count: number;
  /** Adds embeddings [N, D], at most `batchSize` of them; N may be smaller. */
  add(rows: Float32Array): Promise<void>;
  /** The current sums, which share memory with the accumulator until the next `add`. */
  sums(): MomentSums;
  /** The mean and covariance so far; needs at least two embeddings. */
  moments(): Moments;
  dispose(): void;
}

/** Creates an accumulator that starts empty, or with the sums of an earlier accumulator. */
export async function createMomentsAccumulator({
  dimension,
  batchSize,
  resume,
  threads,
}: {
  dimension: number;
  batchSize: number;
  resume?: MomentSums | undefined;
  threads?: number | undefined;
}): Promise<MomentsAccumulator> {
  const shape = [batchSize, dimension];
  const product = await createFloat64Product({
    left: shape,
    right: shape,
    transposeLeft: true,
    accumulate: true,
    threads,
  });
  let count = resume?.count ?? 0;
  const shift = resume?.shift.slice() ?? new Float64Array(dimension);
  const sum = resume?.sum.slice() ?? new Float64Array(dimension);
  let products: Float64Array = resume?.products.slice() ?? new Float64Array(dimension * dimension);
  let spare: Float64Array = new Float64Array(dimension * dimension);
  const shifted = new Float64Array(batchSize * dimension);
  return {
    get count() {
      return count;
    },
    async add(rows) {
      const added = rows.length / dimension;
      if (!Number.isInteger(added) || added < 1 || added > batchSize) {
        throw new Error(
          `moments: expected 1 to ${batchSize} embeddings of ${dimension} numbers each, got ${rows.length} numbers`,
        );
      }
      if (count === 0) shift.set(rows.subarray(0, dimension));
      for (let row = 0, i = 0; row < added; row++) {
        for (let j = 0; j < dimension; j++, i++) {
          const value = rows[i]! - shift[j]!;
          shifted[i] = value;
          sum[j]! += value;
        }
      }
      // Rows of zeros add nothing.
      shifted.fill(0, rows.length);
      const result = await product.run({ left: shifted, right: shifted, sum: products, into: spare });
      [products, spare] = [result, products];
      count += added;
    },
    sums: () => ({ count, shift, sum, products }),
    moments: () => momentsOfSums({ count, shift, sum, products }),
    dispose: () => product.dispose(),
  };
}

/** Mean and covariance of at least two embeddings. */
export function momentsOfSums({ count, shift, sum, products }: MomentSums): Moments {
  if (count < 2) throw new Error(`moments need at least 2 embeddings, got ${count}`);
  const dimension = sum.length;
  const covariance = new Float64Array(products.length);
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      // The two halves of the product may differ in the last digit.
      const both = (products[i * dimension + j]! + products[j * dimension + i]!) / 2;
      const value = (both - (sum[i]! * sum[j]!) / count) / (count - 1);
      covariance[i * dimension + j] = value;
      covariance[j * dimension + i] = value;
    }
  }
  return { mean: sum.map((value, i) => shift[i]! + value / count), covariance };
}

/** Number of embeddings in one call of the graph: large enough to hide the call's cost, small enough for a cache. */
const ROWS_AT_ONCE = 64;

/** Mean and covariance of embeddings [N, D] laid out row after row; N must be at least 2. */
export async function momentsOf(embeddings: Float32Array, dimension: number): Promise<Moments> {
  const count = embeddings.length / dimension;
  if (!Number.isInteger(count) || count < 2) {
    throw new Error(
      `moments need at least 2 embeddings of ${dimension} numbers each, got ${embeddings.length} numbers`,
    );
  }
  const accumulator = await createMomentsAccumulator({ dimension, batchSize: ROWS_AT_ONCE });
  try {
    const step = ROWS_AT_ONCE * dimension;
    for (let start = 0; start < embeddings.length; start += step) {
      await accumulator.add(embeddings.subarray(start, start + step));
    }
    return accumulator.moments();
  } finally {
    accumulator.dispose();
  }
}
