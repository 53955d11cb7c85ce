/**
 * Latents of training images. The frozen VAE encodes each image once; the latents are cached on disk under the image's
 * key.
 */
import { join } from 'node:path';
import { defaultBatchSize, type RgbImage, type StableDiffusionPipeline } from '@heed/diffusion';
import { badInput, isBadInput } from '../errors.ts';
import type { Project } from '../project/index.ts';
import { type OpenVectorCache, openVectorCache, type VectorCache } from '../storage/vector-cache.ts';

const MAX_ENCODE_BATCH = 16;
/** If a larger share of the images is unreadable, something is probably wrong with the dataset. */
const MAX_BROKEN_SHARE = 0.05;

/** Opens the latent cache of the pipeline's VAE. Models with the same VAE share this cache. */
export async function openLatents(
  project: Project,
  pipeline: StableDiffusionPipeline,
  openCache: OpenVectorCache = openVectorCache,
): Promise<VectorCache> {
  const length = pipeline.latentShape().reduce((product, size) => product * size, 1);
  return openCache(join(project.paths.state, 'latents', `vae-${pipeline.vaeHash}`), { length });
}

/**
 * Encodes all images that have no cached latents. Unreadable pictures are skipped and reported. Throws when more than
 * one picture in twenty is unreadable. Returns the items that have latents, in the given order.
 */
export async function encodeMissing<T extends { key: string }>(
  cache: VectorCache,
  items: readonly T[],
  options: {
    pipeline: StableDiffusionPipeline;
    read: (item: T) => Promise<RgbImage>;
    onBroken: (sentence: string) => void;
    onProgress?: (done: number) => void;
    signal?: AbortSignal;
  },
): Promise<T[]> {
  const { pipeline, read, onBroken, onProgress, signal } = options;
  const [, height, width] = pipeline.latentShape();
  const batchSize = Math.min(MAX_ENCODE_BATCH, defaultBatchSize({ height, width }));
  const missing = items.filter(({ key }) => !cache.has(key));
  const broken = new Set<string>();
  for (let start = 0; start < missing.length; start += batchSize) {
    signal?.throwIfAborted();
    const readable: { key: string; image: RgbImage }[] = [];
    for (const item of missing.slice(start, start + batchSize)) {
      try {
        readable.push({ key: item.key, image: await read(item) });
      } catch (error) {
        // Only bad input is the picture's fault. A defect, or too many open files, is not.
        if (!isBadInput(error)) throw error;
        broken.add(item.key);
        onBroken(error.message);
        if (broken.size > Math.max(1, MAX_BROKEN_SHARE * items.length)) {
          throw badInput(
            `expected at most ${100 * MAX_BROKEN_SHARE} % broken pictures of ${items.length}, got ${broken.size}, the last being ${error.message}`,
          );
        }
      }
    }
    const latents = await pipeline.encodeImages(
      readable.map(({ image }) => image),
      { batchSize, ...(signal === undefined ? {} : { signal }) },
    );
    await cache.add(
      readable.map(({ key }) => key),
      latents,
    );
    onProgress?.(Math.min(start + batchSize, missing.length));
  }
  return items.filter(({ key }) => !broken.has(key));
}
