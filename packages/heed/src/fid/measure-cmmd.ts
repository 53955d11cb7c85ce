/**
 * Measures CMMD, a distance between the CLIP embeddings of two lists of pictures. Each batch of embeddings is cached as
 * soon as the batch is computed.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ClipEmbedder } from '@heed/diffusion';
import { badInput } from '../errors.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Interval } from '../statistics/index.ts';
import { fillVectorCache, openVectorCache } from '../storage/vector-cache.ts';
import { cmmdInterval } from './distance-interval.ts';
import type { Pictures } from './pictures/pictures.ts';
import { pruneCache } from './sums-cache.ts';

interface MeasureOptions {
  clip: ClipEmbedder;
  /** Hash of the CLIP weights; the cached embeddings are stored under this hash. */
  clipHash: string;
  cacheFolder: string;
  batchSize?: number | undefined;
  threads?: number | undefined;
  progress: ProgressFactory;
  signal?: AbortSignal | undefined;
}

/**
 * Computes CMMD, which is 1000 x MMD^2 (`statistics/cmmd.ts`) between the embeddings of two lists of pictures. Also
 * computes a 95 % interval when there are enough pictures.
 */
export async function measureCmmd(
  a: Pictures,
  b: Pictures,
  options: MeasureOptions,
): Promise<{ cmmd: number; interval?: Interval }> {
  const [x, y] = [await embeddingsOf(a, options), await embeddingsOf(b, options)];
  const { clip, signal, threads } = options;
  return cmmdInterval(x, y, { dimension: clip.projectionDim, signal, threads });
}

/**
 * Computes the CLIP embeddings [count, projectionDim] in the order of the pictures. Cached embeddings are not computed
 * again.
 */
async function embeddingsOf(
  pictures: Pictures,
  { clip, clipHash, cacheFolder, batchSize = 32, progress, signal }: MeasureOptions,
): Promise<Float32Array> {
  if (pictures.count < 1) throw badInput(`${pictures.label}: expected pictures, got none`);
  const length = clip.projectionDim;
  const name = createHash('sha256')
    .update(JSON.stringify([clipHash, pictures.key]))
    .digest('hex')
    .slice(0, 32);
  const cache = await openVectorCache(join(cacheFolder, `clip-${name}`), { length });
  try {
    const keys = Array.from({ length: pictures.count }, (_, i) => String(i));
    const known = keys.filter((key) => cache.has(key)).length;
    const bar = progress({ total: pictures.count, label: `CLIP of ${pictures.label}`, unit: 'image' });
    if (known > 0) bar.update(known);
    await fillVectorCache(cache, keys, {
      batchSize,
      compute: async (indices) =>
        clip.embedImages(await Promise.all(indices.map((i) => pictures.read(i))), {
          batchSize,
          ...(signal === undefined ? {} : { signal }),
        }),
      onProgress: (done) => bar.update(known + done),
      ...(signal === undefined ? {} : { signal }),
    });
    bar.done();
    await pruneCache(cacheFolder);
    const rows = new Float32Array(pictures.count * length);
    for (const [i, key] of keys.entries()) rows.set((await cache.get(key))!, i * length);
    return rows;
  } finally {
    await cache.close();
  }
}
