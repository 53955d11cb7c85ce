/** Embeddings by a formula, for which tools/reference/make_distances.py computes reference distances. */
import { hashed } from '@heed/diffusion/testing/inception-weights';

/** [count, dimension]; later columns vary less, and the mean is not zero. */
export function formulaEmbeddings(text: string, count: number, dimension: number): Float32Array {
  const rows = hashed(text, count * dimension);
  return Float32Array.from(rows, (value, i) => value * (4 / (1 + (i % dimension))) + 0.1);
}
