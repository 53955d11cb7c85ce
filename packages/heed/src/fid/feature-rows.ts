/**
 * Computes the Inception features of each picture and caches the features on disk by picture name. FID of any subset of
 * the pictures can then be computed from these features.
 */
import { INCEPTION_FEATURES, INCEPTION_PIXELS, type InceptionEmbedder, writeInceptionPixels } from '@heed/diffusion';
import type { ProgressFactory } from '../progress/index.ts';
import { fillVectorCache, openVectorCache } from '../storage/vector-cache.ts';
import type { Pictures } from './pictures/pictures.ts';

/** Selects the rows of `rows` [count, 2048] at `indices`, in that order. */
export function rowsAt(rows: Float32Array, indices: readonly number[]): Float32Array {
  const chosen = new Float32Array(indices.length * INCEPTION_FEATURES);
  for (const [at, index] of indices.entries()) {
    const row = rows.subarray(index * INCEPTION_FEATURES, (index + 1) * INCEPTION_FEATURES);
    chosen.set(row, at * INCEPTION_FEATURES);
  }
  return chosen;
}

/**
 * Computes the Inception features [count, 2048] of `pictures`; `keys` are the pictures' names in the cache. Features in
 * the cache at `cachePath` are not computed again.
 */
export async function featureRows(
  pictures: Pictures,
  keys: readonly string[],
  {
    embedder,
    cachePath,
    progress,
    signal,
  }: {
    embedder: InceptionEmbedder;
    cachePath: string;
    progress: ProgressFactory;
    signal?: AbortSignal | undefined;
  },
): Promise<Float32Array> {
  const { batchSize } = embedder;
  const cache = await openVectorCache(cachePath, { length: INCEPTION_FEATURES });
  try {
    const known = keys.filter((key) => cache.has(key)).length;
    const bar = progress({ total: keys.length, label: `features of ${pictures.label}`, unit: 'image' });
    if (known > 0) bar.update(known);
    const pixels = new Float32Array(batchSize * INCEPTION_PIXELS);
    await fillVectorCache(cache, keys, {
      batchSize,
      async compute(indices) {
        const images = await Promise.all(indices.map((i) => pictures.read(i)));
        for (const [row, image] of images.entries()) {
          writeInceptionPixels(image, pixels.subarray(row * INCEPTION_PIXELS, (row + 1) * INCEPTION_PIXELS));
        }
        return embedder.features(pixels, images.length, { signal });
      },
      onProgress: (done) => bar.update(known + done),
      ...(signal === undefined ? {} : { signal }),
    });
    bar.done();
    const rows = new Float32Array(keys.length * INCEPTION_FEATURES);
    for (const [i, key] of keys.entries()) rows.set((await cache.get(key))!, i * INCEPTION_FEATURES);
    return rows;
  } finally {
    await cache.close();
  }
}
