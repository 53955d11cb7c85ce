/**
 * Computes CLIP embeddings of images and prompts once, and stores them on disk by image id and prompt text. CLIP is
 * frozen, so reward training and scoring use only these embeddings.
 */
import { join } from 'node:path';
import type { ClipEmbedder, RgbImage } from '@heed/diffusion';
import { fillVectorCache, type OpenVectorCache, openVectorCache, type VectorCache } from '../storage/vector-cache.ts';

/** Embeddings of prompts by text and of images by id; each embedding must be prepared before it is read. */
export interface Features {
  readonly projectionDim: number;
  /** Embeds the prompts that are not cached yet. */
  prepareTexts(prompts: readonly string[], options?: PrepareOptions): Promise<void>;
  /** Embeds the images that are not cached yet. `readImage` is called only for images that are not cached. */
  prepareImages(
    imageIds: readonly string[],
    readImage: (imageId: string) => Promise<RgbImage>,
    options?: PrepareOptions,
  ): Promise<void>;
  /** Projected text embedding, [P], not normalised. */
  text(prompt: string): Float32Array;
  /** Projected image embedding, [P], not normalised. */
  image(imageId: string): Float32Array;
  close(): Promise<void>;
}

interface PrepareOptions {
  onProgress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Opens the features of one CLIP model under `folder`. Features are stored separately for each `clipHash`. */
export async function openFeatures(options: {
  folder: string;
  clipHash: string;
  clip: ClipEmbedder;
  batchSize?: number;
  openCache?: OpenVectorCache | undefined;
}): Promise<Features> {
  const { folder, clipHash, clip, batchSize = 32, openCache = openVectorCache } = options;
  const length = clip.projectionDim;
  const open = async (kind: string) => loadable(await openCache(join(folder, `clip-${clipHash}`, kind), { length }));
  const [texts, images] = [await open('texts'), await open('images')];
  return {
    projectionDim: length,
    prepareTexts: (prompts, progress) =>
      texts.prepare(prompts, {
        ...progress,
        batchSize,
        compute: (indices) => clip.embedTexts(indices.map((i) => prompts[i]!)),
      }),
    prepareImages: (imageIds, readImage, progress) =>
      images.prepare(imageIds, {
        ...progress,
        batchSize,
        compute: async (indices) => clip.embedImages(await Promise.all(indices.map((i) => readImage(imageIds[i]!)))),
      }),
    text: (prompt) => texts.row(prompt),
    image: (imageId) => images.row(imageId),
    async close() {
      await texts.close();
      await images.close();
    },
  };
}

/**
 * A vector cache that keeps prepared rows in memory. In a shard, the rows that other shards have computed are not
 * available.
 */
function loadable(cache: VectorCache) {
  const rows = new Map<string, Float32Array>();
  return {
    async prepare(keys: readonly string[], options: Parameters<typeof fillVectorCache>[2]): Promise<void> {
      await fillVectorCache(cache, keys, options);
      for (const key of keys) {
        const row = rows.has(key) ? undefined : await cache.get(key);
        if (row !== undefined) rows.set(key, row);
      }
    },
    row(key: string): Float32Array {
      const row = rows.get(key);
      if (row === undefined) throw new Error(`features: expected an embedding of "${key}" prepared before, found none`);
      return row;
    },
    close: () => cache.close(),
  };
}
