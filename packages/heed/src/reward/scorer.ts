/**
 * A project's trained reward together with its CLIP model: images and prompts in, r(x, z) out. Tuning and evaluation
 * use it; `run.ts` trains the reward.
 */
import { join } from 'node:path';
import { type ClipEmbedder, loadClip, type RgbImage } from '@heed/diffusion';
import { badInput } from '../errors.ts';
import { clipFolder, type FetchOptions, type Project } from '../project/index.ts';
import { runtimeOf, threadsOf } from '../project/runtime.ts';
import type { OpenVectorCache } from '../storage/vector-cache.ts';
import { quote } from '../text/nearest.ts';
import { clipHashOf } from './clip-hash.ts';
import { type Features, openFeatures } from './features.ts';
import { findRewardConfig, loadRewardModel, type RewardConfig } from './reward-model.ts';
import { scoredTexts, scoreImages, spreadOfImages } from './score-images.ts';
import { projectContrasts, type TextNorm } from './text-norm.ts';

/** A reward that is ready to judge images. */
export interface RewardScorer {
  readonly name: string;
  /** Scores r(x, z) in [0, 1] of each image with its prompt. Embeddings are cached by image id. */
  score(
    images: readonly { id: string; prompt: string }[],
    readImage: (imageId: string) => Promise<RgbImage>,
    options?: { onProgress?: (done: number, total: number) => void; signal?: AbortSignal },
  ): Promise<Float32Array>;
  /** Like `score`, but for pictures that are not in the image store. Nothing is cached. */
  scorePictures(prompt: string, pictures: readonly RgbImage[], signal?: AbortSignal): Promise<Float32Array>;
  /**
   * Standard deviation over an ensemble's networks, for images that `score` has already scored; zeros for a single
   * network.
   */
  spread(images: readonly { id: string; prompt: string }[]): Promise<Float32Array>;
  readonly features: Features;
  close(): Promise<void>;
}

/** The folder of the reward of that name. */
export function rewardFolder(project: Project, name: string): string {
  return join(project.paths.models, `reward-${name}`);
}

/** Throws when `heed reward` has not trained a reward of that name. */
export async function checkReward(project: Project, name: string): Promise<void> {
  if ((await findRewardConfig(rewardFolder(project, name))) !== undefined) return;
  throw badInput(`expected a trained reward ${quote(name)}, found none; \`heed reward\` trains it`);
}

/** Folder of a project's embeddings of images and prompts. */
export function featureFolder(project: Project): string {
  return join(project.paths.state, 'features');
}

/** Opens CLIP and its cached embeddings for a project. */
export async function openProjectFeatures(
  project: Project,
  options: FetchOptions & { openCache?: OpenVectorCache } = {},
): Promise<{ features: Features; clip: ClipEmbedder; clipHash: string; close(): Promise<void> }> {
  const { openCache, ...fetching } = options;
  const folder = await clipFolder(project, fetching);
  const clipHash = await clipHashOf(folder);
  const clip = await loadClip(folder, await runtimeOf(project));
  const features = await openFeatures({ folder: featureFolder(project), clipHash, clip, openCache });
  return {
    features,
    clip,
    clipHash,
    async close() {
      await features.close();
      await clip.dispose();
    },
  };
}

/** Makes features that read texts from `features`, and in which the image with id `i` is row i of `embeds`. */
export function rowsAsFeatures(
  { projectionDim, text }: Pick<Features, 'projectionDim' | 'text'>,
  embeds: Float32Array,
): Pick<Features, 'projectionDim' | 'text' | 'image'> {
  const image = (row: string) => embeds.subarray(Number(row) * projectionDim, (Number(row) + 1) * projectionDim);
  return { projectionDim, text, image };
}

/** TextNorm from a reward's config; undefined when the reward is used without it. */
export async function textNormOf(
  project: Project,
  { text_norm: norm }: Pick<RewardConfig, 'text_norm'>,
): Promise<TextNorm | undefined> {
  if (norm === undefined) return undefined;
  const { mode, temperature, contrasts: count, seed } = norm;
  return { mode, temperature, contrasts: await projectContrasts(project, { count, seed }) };
}

/** Loads the reward of that name. Throws when `heed reward` has not trained a reward of that name. */
export async function openRewardScorer(
  project: Project,
  name: string,
  fetching: FetchOptions = {},
): Promise<RewardScorer> {
  const { features, clip, clipHash, close } = await openProjectFeatures(project, fetching);
  try {
    const model = await loadRewardModel(rewardFolder(project, name), {
      clipHash,
      threads: threadsOf(project),
    });
    const norm = await textNormOf(project, model.config);
    return {
      name,
      features,
      async score(images, readImage, options) {
        await features.prepareTexts(scoredTexts(images, norm), options);
        await features.prepareImages(
          images.map(({ id }) => id),
          readImage,
          options,
        );
        return scoreImages(model, images, features, norm);
      },
      async scorePictures(prompt, pictures, signal) {
        const stop = signal === undefined ? {} : { signal };
        const images = pictures.map((_, i) => ({ id: String(i), prompt }));
        await features.prepareTexts(scoredTexts(images, norm), stop);
        const embeds = await clip.embedImages(pictures, stop);
        return scoreImages(model, images, rowsAsFeatures(features, embeds), norm);
      },
      spread: (images) => spreadOfImages(model, images, features),
      async close() {
        model.dispose();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
