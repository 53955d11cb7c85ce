/**
 * `heed prepare`: embeds the project's images and prompts with CLIP and encodes pictures with the VAE, before other
 * commands need the embeddings and latents. Only embeddings and latents are worth dividing among machines; a reward
 * computes scores from embeddings in milliseconds.
 */
import { loadModel, type StableDiffusionComponents, StableDiffusionPipeline } from '@heed/diffusion';
import { createImageStore, fitPicture, type ImageRecord, type ImageStore } from '../images/index.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { baseModelFolder, type Project } from '../project/index.ts';
import { weightsOptions } from '../project/model-weights.ts';
import { runtimeOf } from '../project/runtime.ts';
import { projectImages } from '../reward/project-images.ts';
import { openProjectFeatures } from '../reward/scorer.ts';
import { partOf, type Shard } from '../shards/shard.ts';
import { openVectorCache } from '../storage/vector-cache.ts';
import { openVectorPart } from '../storage/vector-parts.ts';
import { encodeMissing, openLatents } from '../tune/latents.ts';
import { tuneOptionsOf } from '../tune/options.ts';
import { pictureSize, projectPretraining } from '../tune/prepare.ts';

export interface PrepareOptions {
  /** The shard of the work that this call does; all of the work by default. */
  shard?: Shard | undefined;
  signal?: AbortSignal | undefined;
  note?: ((text: string) => void) | undefined;
}

/** How many items were prepared, including items that were cached before the call. */
export interface PrepareResult {
  readonly shard?: Shard;
  readonly embedded: number;
  readonly encoded: number;
  readonly encodedPretraining: number;
}

/**
 * Fills the caches of embeddings and latents. A shard writes its rows into a file beside each cache, and the next
 * command that opens the cache merges the rows.
 */
export async function runPrepare(
  project: Project,
  options: PrepareOptions,
  progress: ProgressFactory,
): Promise<PrepareResult> {
  const { shard } = options;
  const store = createImageStore(project.paths.images);
  const images = await projectImages(project, store);
  const own = shard === undefined ? images : partOf(images, shard);
  await embed(project, { images: own, store, ...options }, progress);
  const learned = own.filter(({ purpose }) => purpose === 'learn');
  const encodedPretraining = await encode(project, { images: learned, store, ...options }, progress);
  return {
    ...(shard === undefined ? {} : { shard }),
    embedded: own.length,
    encoded: learned.length,
    encodedPretraining,
  };
}

interface Inputs extends PrepareOptions {
  readonly images: readonly ImageRecord[];
  readonly store: ImageStore;
}

async function embed(project: Project, inputs: Inputs, progress: ProgressFactory): Promise<void> {
  const { images, store, shard, signal } = inputs;
  const openCache = shard === undefined ? openVectorCache : openVectorPart;
  const { features, close } = await openProjectFeatures(project, { progress, signal, openCache });
  const aborting = signal === undefined ? {} : { signal };
  const bar = progress({ total: images.length, label: 'embed images', unit: 'image' });
  try {
    const ids = images.map(({ id }) => id);
    await features.prepareImages(ids, (id) => store.read(id), { ...aborting, onProgress: (done) => bar.update(done) });
    await features.prepareTexts([...new Set(images.map(({ prompt }) => prompt))], aborting);
  } finally {
    bar.done();
    await close();
  }
}

/** Encodes the images and this shard's pre-training pairs into latents; returns the number of pairs. */
async function encode(project: Project, inputs: Inputs, progress: ProgressFactory): Promise<number> {
  const { images, store, shard, signal, note } = inputs;
  const source = await baseModelFolder(project, { progress, signal, note });
  const components: StableDiffusionComponents = await loadModel(
    source,
    weightsOptions(project, project.config.model.name),
  );
  await using pipeline = new StableDiffusionPipeline(components, await runtimeOf(project));
  const openCache = shard === undefined ? openVectorCache : openVectorPart;
  const latents = await openLatents(project, pipeline, openCache);
  try {
    const size = pictureSize(pipeline);
    const encodeAll = async <T extends { key: string }>(
      items: readonly T[],
      { label, read }: { label: string; read: Parameters<typeof encodeMissing<T>>[2]['read'] },
    ) => {
      const bar = progress({ total: items.length, label, unit: 'image' });
      const onBroken = note ?? (() => {});
      const aborting = signal === undefined ? {} : { signal };
      await encodeMissing(latents, items, {
        pipeline,
        read,
        onBroken,
        onProgress: (done) => bar.update(done),
        ...aborting,
      });
      bar.done();
    };
    await encodeAll(
      images.map(({ id }) => ({ key: id })),
      { label: 'encode images', read: async ({ key }) => fitPicture(await store.read(key), size) },
    );
    if (!tuneOptionsOf(project.config).streams.pretraining) return 0;
    const { pretraining, pretrainingImages: count } = project.config.tune;
    const data = await projectPretraining(project, { pipeline, source: pretraining, count });
    const pairs = shard === undefined ? data.samples : partOf(data.samples, shard);
    await encodeAll(pairs, { label: 'encode pre-training images', read: (sample) => data.read(sample) });
    return pairs.length;
  } finally {
    await latents.close();
  }
}
