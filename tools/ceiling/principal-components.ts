/** The directions of most variance of standardised features, by orthogonal iteration. */
import { createRandom } from '@heed/diffusion/autodiff';
import { standardiser } from './standardise.ts';

const ITERATIONS = 60;

/** Rows [N, width] to their first `count` components, [N, count]; each column is brought to deviation 1 before. */
export function principalComponents(
  { rows, width }: { rows: Float32Array; width: number },
  count: number,
): { rows: Float32Array; width: number } {
  const total = rows.length / width;
  const x = standardiser(rows, width)(rows);
  const covariance = new Float64Array(width * width);
  for (let n = 0; n < total; n++) {
    for (let i = 0; i < width; i++) {
      const value = x[n * width + i]! / total;
      for (let j = 0; j < width; j++) covariance[i * width + j]! += value * x[n * width + j]!;
    }
  }
  const start = createRandom(0).fillNormal(new Float32Array(width * count));
  let directions: Float64Array[] = Array.from({ length: count }, (_, c) =>
    Float64Array.from(start.subarray(c * width, (c + 1) * width)),
  );
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    directions = orthonormal(directions.map((direction) => times(covariance, direction)));
  }
  const projected = new Float32Array(total * count);
  for (let n = 0; n < total; n++) {
    directions.forEach((direction, c) => {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += x[n * width + i]! * direction[i]!;
      projected[n * count + c] = sum;
    });
  }
  return { rows: projected, width: count };
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const { length } = vector;
  const product = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    let sum = 0;
    for (let j = 0; j < length; j++) sum += matrix[i * length + j]! * vector[j]!;
    product[i] = sum;
  }
  return product;
}

/** Gram and Schmidt, in order. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const done: Float64Array[] = [];
  for (const vector of vectors) {
    for (const other of done) {
      const along = other.reduce((sum, value, i) => sum + value * vector[i]!, 0);
      other.forEach((value, i) => {
        vector[i]! -= along * value;
      });
    }
    const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    done.push(vector.map((value) => value / length));
  }
  return done;
}
