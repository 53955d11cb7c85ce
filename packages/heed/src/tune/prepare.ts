/**
 * Prepares a run's data: chooses and scores the samples, and encodes every picture. The prepared data are stored, so
 * that a repeated call does not compute them again.
 */
import { join } from 'node:path';
import { type StableDiffusionPipeline, vaeScale } from '@heed/diffusion';
import { WORLD_PRETRAINING } from '../config/index.ts';
import { badInput } from '../errors.ts';
import { fitPicture, type ImageRecord, type ImageStore } from '../images/index.ts';
import { worldOf } from '../parts.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { type Project, resolveInProject } from '../project/index.ts';
import { openRewardScorer } from '../reward/scorer.ts';
import type { VectorCache } from '../storage/vector-cache.ts';
import type { PretrainingSample, TuneSample } from './batches.ts';
import { encodeMissing } from './latents.ts';
import type { TuningMethod } from './method.ts';
import { readTuneSamples, shuffleJudgements, writeTuneSamples } from './model-data.ts';
import type { TuneOptions } from './options.ts';
import { checkPretrainingData, openPretrainingData, type PretrainingData } from './pretraining-data.ts';
import { withRewards } from './pretraining-rewards.ts';

const SAMPLES_FILE = 'model-data.json';
const PRETRAINING_REWARDS_FILE = 'pretraining-rewards.json';

/** The inputs that all preparation steps of a run need. */
export interface PrepareInputs {
  options: TuneOptions;
  pipeline: StableDiffusionPipeline;
  latents: VectorCache;
  progress: ProgressFactory;
  signal?: AbortSignal;
}

/** Chooses and encodes the images for the run in `runFolder`, as `method` decides. */
export async function prepareModelSamples(
  project: Project,
  inputs: PrepareInputs & {
    method: TuningMethod;
    /** Hashes of the models whose images the run may learn from. */
    modelHashes: ReadonlySet<string>;
    keptPrompts: ReadonlySet<string>;
    shuffleSeed: number | undefined;
    runFolder: string;
    reward: string;
    store: ImageStore;
  },
): Promise<TuneSample[]> {
  const {
    method,
    options,
    modelHashes,
    keptPrompts,
    shuffleSeed,
    pipeline,
    latents,
    progress,
    runFolder,
    reward,
    store,
  } = inputs;
  const aborting = inputs.signal === undefined ? {} : { signal: inputs.signal };
  const path = join(runFolder, SAMPLES_FILE);
  const choice = {
    method: method.name,
    reward,
    streams: options.streams,
    rounds: project.config.tune.rounds,
    keptPrompts,
    shuffleSeed,
  };
  let samples = await readTuneSamples(path, choice);
  if (samples === undefined) {
    samples = await method.samples({
      project,
      store,
      modelHashes,
      keptPrompts,
      options,
      score: (images) => scoreImages(project, images, inputs),
    });
    if (shuffleSeed !== undefined) samples = shuffleJudgements(samples, shuffleSeed);
    await writeTuneSamples(path, choice, samples);
  }

  const size = pictureSize(pipeline);
  const bar = progress({ total: samples.length, label: 'encode images', unit: 'image' });
  try {
    const keyed = samples.map(({ image }) => ({ key: image }));
    await encodeMissing(latents, keyed, {
      pipeline,
      // An imported picture can have any size.
      read: async ({ key }) => fitPicture(await store.read(key), size),
      onBroken(sentence) {
        throw badInput(sentence);
      },
      onProgress: (done) => bar.update(done),
      ...aborting,
    });
  } finally {
    bar.done();
  }
  return samples;
}

/** Computes the reward r(x, z) of each image for its prompt. */
async function scoreImages(
  project: Project,
  images: readonly ImageRecord[],
  { reward, store, progress, signal }: PrepareInputs & { reward: string; store: ImageStore },
): Promise<ArrayLike<number>> {
  const aborting = signal === undefined ? {} : { signal };
  const scorer = await openRewardScorer(project, reward, { progress, ...aborting });
  const bar = progress({ total: images.length, label: 'score images', unit: 'image' });
  try {
    const onProgress = (done: number) => bar.update(done);
    return await scorer.score(images, (id) => store.read(id), { onProgress, ...aborting });
  } finally {
    bar.done();
    await scorer.close();
  }
}

/**
 * Prepares D_pre (the pre-training data) for the run in `runFolder`: encodes the pictures, and scores the pairs if they
 * are drawn by reward. Unreadable pictures are left out and reported to `warn`.
 */
export async function preparePretrainingSamples(
  project: Project,
  inputs: PrepareInputs & {
    runFolder: string;
    reward: string;
    source: string;
    count: number;
    warn: (sentence: string) => void;
  },
): Promise<PretrainingSample[]> {
  const { options, pipeline, latents, progress, runFolder, reward, source, count, warn } = inputs;
  const aborting = inputs.signal === undefined ? {} : { signal: inputs.signal };
  const data = await projectPretraining(project, { pipeline, source, count });
  for (const note of data.notes ?? []) warn(note);
  const encoded = progress({ total: data.samples.length, label: 'encode pre-training images', unit: 'image' });
  let samples: PretrainingSample[];
  try {
    samples = await encodeMissing(latents, data.samples, {
      pipeline,
      read: (sample) => data.read(sample),
      onBroken: warn,
      onProgress: (done) => encoded.update(done),
      ...aborting,
    });
  } finally {
    encoded.done();
  }
  if (options.pretrainingRewardPower === undefined) return samples;
  const scored = progress({ total: samples.length, label: 'score pre-training pairs', unit: 'pair' });
  try {
    return await withRewards(samples, {
      path: join(runFolder, PRETRAINING_REWARDS_FILE),
      reward,
      read: (sample) => data.read(sample),
      openScorer: () => openRewardScorer(project, reward, { progress, ...aborting }),
      onProgress: (done) => scored.update(done),
      ...aborting,
    });
  } finally {
    scored.done();
  }
}

/** Opens D_pre (the pre-training data) from `source`; a relative folder is resolved within the project. */
export async function projectPretraining(
  project: Project,
  options: { pipeline: StableDiffusionPipeline; source: string; count: number },
): Promise<PretrainingData> {
  const { pipeline, source, count } = options;
  return openPretrainingData({
    world: await worldOf(project.config),
    source: resolvedSource(project, source),
    count,
    // The project's seed, not the run's: runs with different seeds share D_pre and its latents.
    seed: project.config.seed,
    size: pictureSize(pipeline),
  });
}

/** Throws when `source` has no pre-training pairs; the check opens no picture and no model. */
export async function checkProjectPretraining(project: Project, source: string): Promise<void> {
  await checkPretrainingData({ world: await worldOf(project.config), source: resolvedSource(project, source) });
}

function resolvedSource(project: Project, source: string): string {
  return source === WORLD_PRETRAINING ? source : resolveInProject(project, source);
}

/** Width and height in pixels of the images that the model generates by default. */
export function pictureSize(pipeline: StableDiffusionPipeline): { width: number; height: number } {
  const [, h, w] = pipeline.latentShape();
  const factor = vaeScale(pipeline.configs.vae);
  return { width: w * factor, height: h * factor };
}
