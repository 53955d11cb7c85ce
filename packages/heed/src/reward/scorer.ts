/**
 * A project's trained reward together with the CLIP it sees through: images and prompts in, r(x, z) out.
 * For tuning and evaluation; training is `run.ts`.
 */
import { join } from 'node:path';
import { loadClip, type RgbImage } from '@heed/diffusion';
import { badInput } from '../errors.ts';
import { clipFolder, type FetchOptions, type Project } from '../project/index.ts';
import { runtimeOf } from '../project/runtime.ts';
import type { TextReader } from '../prompts/index.ts';
import type { OpenVectorCache } from '../storage/vector-cache.ts';
import { quote } from '../text/nearest.ts';
import { clipHashOf } from './clip-hash.ts';
import { type Features, openFeatures } from './features.ts';
import { findRewardConfig, loadRewardModel } from './reward-model.ts';
import { scoreImages } from './score-images.ts';

/** A reward that is ready to judge images. */
export interface RewardScorer {
  readonly name: string;
  /** r(x, z) in [0, 1] of each image with the prompt beside it. Embeddings are cached by image id. */
  score(
    images: readonly { id: string; prompt: string }[],
    readImage: (imageId: string) => Promise<RgbImage>,
    options?: { onProgress?: (done: number, total: number) => void; signal?: AbortSignal },
  ): Promise<Float32Array>;
  readonly features: Features;
  close(): Promise<void>;
}

/** The folder of the reward of that name. */
export function rewardFolder(project: Project, name: string): string {
  return join(project.paths.models, `reward-${name}`);
}

/** Throws one sentence where `heed reward` has not trained the reward of that name. */
export async function checkReward(project: Project, name: string): Promise<void> {
  if ((await findRewardConfig(rewardFolder(project, name))) !== undefined) return;
  throw badInput(`expected a trained reward ${quote(name)}, found none; \`heed reward\` trains it`);
}

/** Where a project keeps the embeddings of its images and prompts. */
export function featureFolder(project: Project): string {
  return join(project.paths.state, 'features');
}

/** Opens CLIP and its cached embeddings for a project. */
export async function openProjectFeatures(
  project: Project,
  options: FetchOptions & { openCache?: OpenVectorCache } = {},
): Promise<{ features: Features; reader: TextReader; clipHash: string; close(): Promise<void> }> {
  const { openCache, ...fetching } = options;
  const folder = await clipFolder(project, fetching);
  const clipHash = await clipHashOf(folder);
  const clip = await loadClip(folder, runtimeOf(project));
  const features = await openFeatures({ folder: featureFolder(project), clipHash, clip, openCache });
  return {
    features,
    reader: clip,
    clipHash,
    async close() {
      await features.close();
      await clip.dispose();
    },
  };
}

/** Loads the reward of that name; throws where `heed reward` has not made it. */
export async function openRewardScorer(
  project: Project,
  name: string,
  fetching: FetchOptions = {},
): Promise<RewardScorer> {
  const { features, clipHash, close } = await openProjectFeatures(project, fetching);
  try {
    const model = await loadRewardModel(rewardFolder(project, name), {
      clipHash,
      threads: runtimeOf(project).threads,
    });
    return {
      name,
      features,
      async score(images, readImage, options) {
        await features.prepareTexts(
          images.map(({ prompt }) => prompt),
          options,
        );
        await features.prepareImages(
          images.map(({ id }) => id),
          readImage,
          options,
        );
        return scoreImages(model, images, features);
      },
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
