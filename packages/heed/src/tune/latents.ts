/**
 * Latents of training images: encoded by the frozen VAE once, kept on disk, looked up by key. They are no part of a
 * run's state; they can be lost and made again.
 */
import { join } from 'node:path';
import { defaultBatchSize, type RgbImage, type StableDiffusionPipeline } from '@heed/diffusion';
import { badInput, isBadInput } from '../errors.ts';
import type { Project } from '../project/index.ts';
import { type OpenVectorCache, openVectorCache, type VectorCache } from '../storage/vector-cache.ts';

const MAX_ENCODE_BATCH = 16;
/** A dataset with more broken pictures than this is not what its owner thinks it is. */
const MAX_BROKEN_SHARE = 0.05;

/** Opens the latents of the pipeline's VAE: models that share it share them. */
export async function openLatents(
  project: Project,
  pipeline: StableDiffusionPipeline,
  openCache: OpenVectorCache = openVectorCache,
): Promise<VectorCache> {
  const length = pipeline.latentShape().reduce((product, size) => product * size, 1);
  return openCache(join(project.paths.state, 'latents', `vae-${pipeline.vaeHash}`), { length });
}

/**
 * Encodes what is not cached yet. Pictures that cannot be read are passed over and named; throws where they are more
 * than one in twenty. Returns the keys that have latents, in order.
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
        // A full table of open files or a defect says nothing about the picture.
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
