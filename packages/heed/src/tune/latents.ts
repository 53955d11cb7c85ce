/**
 * Latents of training images: encoded by the frozen VAE once, kept on disk, looked up by key. And text states by prompt,
 * kept in memory up to a bound. Neither is part of a run's state; both can be lost and made again.
 */
import { join } from 'node:path';
import type { RgbImage, StableDiffusionPipeline } from '@heed/diffusion';
import { HeedError } from '../errors.ts';
import type { Project } from '../project/index.ts';
import { openVectorCache, type VectorCache } from '../storage/vector-cache.ts';

const ENCODE_BATCH = 16;
/** A dataset with more broken pictures than this is not what its owner thinks it is. */
const MAX_BROKEN_SHARE = 0.05;
const PROMPT_CACHE_BYTES = 256 * 2 ** 20;

/** Opens the latents of the VAE that belongs to `pipeline`. */
export async function openLatents(
  project: Project,
  pipeline: StableDiffusionPipeline,
  modelHash: string,
): Promise<VectorCache> {
  const length = pipeline.latentShape().reduce((product, size) => product * size, 1);
  return openVectorCache(join(project.paths.state, 'latents', modelHash), { length });
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
  const missing = items.filter(({ key }) => !cache.has(key));
  const broken = new Set<string>();
  for (let start = 0; start < missing.length; start += ENCODE_BATCH) {
    signal?.throwIfAborted();
    const readable: { key: string; image: RgbImage }[] = [];
    for (const item of missing.slice(start, start + ENCODE_BATCH)) {
      try {
        readable.push({ key: item.key, image: await read(item) });
      } catch (error) {
        broken.add(item.key);
        onBroken((error as Error).message);
        if (broken.size > Math.max(1, MAX_BROKEN_SHARE * items.length)) {
          throw new HeedError(
            `expected at most ${100 * MAX_BROKEN_SHARE} % broken pictures of ${items.length}, got ${broken.size}, the last being ${(error as Error).message}`,
          );
        }
      }
    }
    const latents = await pipeline.encodeImages(
      readable.map(({ image }) => image),
      { batchSize: ENCODE_BATCH, ...(signal === undefined ? {} : { signal }) },
    );
    await cache.add(
      readable.map(({ key }) => key),
      latents,
    );
    onProgress?.(start + ENCODE_BATCH);
  }
  return items.filter(({ key }) => !broken.has(key));
}

/** Text states of prompts; the least recently used go first when there are too many. */
export function createPromptCache(pipeline: StableDiffusionPipeline) {
  const length = pipeline.textShape[0] * pipeline.textShape[1];
  const capacity = Math.max(64, Math.floor(PROMPT_CACHE_BYTES / (4 * length)));
  const states = new Map<string, Float32Array>();
  return async (prompts: readonly string[]): Promise<Float32Array> => {
    const missing = [...new Set(prompts)].filter((prompt) => !states.has(prompt));
    const fresh = missing.length > 0 ? await pipeline.embedPrompts(missing) : new Float32Array();
    const stacked = new Float32Array(prompts.length * length);
    missing.forEach((prompt, i) => {
      states.set(prompt, fresh.slice(i * length, (i + 1) * length));
    });
    prompts.forEach((prompt, i) => {
      const state = states.get(prompt)!;
      stacked.set(state, i * length);
      states.delete(prompt);
      states.set(prompt, state);
    });
    for (const prompt of states.keys()) {
      if (states.size <= capacity) break;
      states.delete(prompt);
    }
    return stacked;
  };
}
