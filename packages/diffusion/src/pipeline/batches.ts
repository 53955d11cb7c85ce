/** Divides work into batches of one size, so that one compiled graph serves all of them. */

/**
 * Consecutive slices of `items`, each exactly `batchSize` long. The last slice is padded by repeating its last item;
 * `count` is the number of real items.
 */
export function paddedBatches<T>(
  items: readonly T[],
  batchSize: number,
): { start: number; count: number; items: T[] }[] {
  return Array.from({ length: Math.ceil(items.length / batchSize) }, (_, index) => {
    const start = index * batchSize;
    const real = items.slice(start, start + batchSize);
    const filler = new Array<T>(batchSize - real.length).fill(real.at(-1)!);
    return { start, count: real.length, items: [...real, ...filler] };
  });
}

/** Concatenates rows of equal size into one array. */
export function stackRows(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0]?.length ?? 0;
  const stacked = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    stacked.set(row, index * size);
  });
  return stacked;
}

/** A view of row `index`, for rows of `size` numbers. */
export function rowOf(rows: Float32Array, index: number, size: number): Float32Array {
  return rows.subarray(index * size, (index + 1) * size);
}
