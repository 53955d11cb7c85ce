/**
 * A cache on disk of vectors that are computed once: CLIP embeddings and latents. `vector-file.ts` reads and writes the
 * files; `vector-parts.ts` merges rows from shards. Losing the cache costs only time.
 */
import { openVectorFile, type VectorCache } from './vector-file.ts';
import { takeInParts } from './vector-parts.ts';

export type { VectorCache } from './vector-file.ts';

/** Opens a cache, either as its only writer or as a shard that writes to a separate part (`vector-parts.ts`). */
export type OpenVectorCache = (path: string, options: { length: number }) => Promise<VectorCache>;

/** Opens or creates the cache at `path` and merges the rows that shards computed. */
export async function openVectorCache(path: string, options: { length: number }): Promise<VectorCache> {
  const cache = await openVectorFile(path, options);
  try {
    await takeInParts(cache, path, options);
    return cache;
  } catch (error) {
    await cache.close();
    throw error;
  }
}

/**
 * Ensures that every key has a row; missing rows are computed in batches. `compute` gets the positions of missing keys
 * in `keys`, and returns the rows of these keys, concatenated.
 */
export async function fillVectorCache(
  cache: VectorCache,
  keys: readonly string[],
  options: {
    batchSize: number;
    compute: (indices: readonly number[]) => Promise<Float32Array>;
    onProgress?: (done: number, total: number) => void;
    signal?: AbortSignal;
  },
): Promise<void> {
  const seen = new Set<string>();
  const missing: number[] = [];
  keys.forEach((key, i) => {
    if (!cache.has(key) && !seen.has(key)) missing.push(i);
    seen.add(key);
  });
  for (let start = 0; start < missing.length; start += options.batchSize) {
    options.signal?.throwIfAborted();
    const indices = missing.slice(start, start + options.batchSize);
    const rows = await options.compute(indices);
    await cache.add(
      indices.map((i) => keys[i]!),
      rows,
    );
    options.onProgress?.(start + indices.length, missing.length);
  }
}
