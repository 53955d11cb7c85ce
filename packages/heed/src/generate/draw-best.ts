/**
 * Draws many candidate images of each prompt and keeps the images with the highest reward. Candidates with a low reward
 * are dropped during denoising. Each kept image is stored with its own seed. A prompt for which enough images are
 * already stored is not drawn again.
 */
import { defaultCuts, loadPipeline } from '@heed/diffusion';
import { badInput } from '../errors.ts';
import { checkSetPurpose, createImageStore, type ImageRecord, type Purpose } from '../images/index.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { modelFolder, type Project, withDrawingLock } from '../project/index.ts';
import { modelFileOf } from '../project/model-file.ts';
import { weightsOptions } from '../project/model-weights.ts';
import { runtimeOf } from '../project/runtime.ts';
import type { Prompt } from '../prompts/index.ts';
import { openRewardScorer } from '../reward/scorer.ts';
import { imageSeed } from './image-seed.ts';

export interface DrawBestOptions {
  set: string;
  /** Name of the image set whose seeds the candidates use; `set` by default. */
  seedsOf?: string | undefined;
  purpose: Purpose;
  model: string;
  prompts: readonly Prompt[];
  /** Number of images of each prompt to keep. */
  keep: number | ((prompt: Prompt) => number);
  /** Number of candidate images of each prompt. */
  of: number;
  reward: string;
  signal?: AbortSignal | undefined;
}

export interface DrawnBest {
  readonly model: string;
  readonly modelHash: string;
  /** The kept images as [prompt][image]; the images of a prompt are in the order of the seeds. */
  readonly images: readonly (readonly ImageRecord[])[];
  /** Number of images that this call drew. */
  readonly generated: number;
}

/** Draws missing images; on abort, the images of finished prompts are kept. */
export async function drawBest(
  project: Project,
  options: DrawBestOptions,
  progress: ProgressFactory,
): Promise<DrawnBest> {
  const lock = { command: 'generate', signal: options.signal } as const;
  return withDrawingLock(project, lock, () => draw(project, options, progress));
}

async function draw(project: Project, options: DrawBestOptions, progress: ProgressFactory): Promise<DrawnBest> {
  const { set, seedsOf = set, purpose, model, prompts, of, reward, signal } = options;
  const { sampler, steps, guidanceScale, batchSize } = project.config.sample;
  const keepOf = typeof options.keep === 'number' ? () => options.keep as number : options.keep;
  for (const prompt of prompts) {
    if (keepOf(prompt) >= of) {
      throw badInput(`expected more candidates than the ${keepOf(prompt)} images kept of a prompt, got ${of}`);
    }
  }
  checkSetPurpose(createImageStore(project.paths.images), { set, purpose });
  const fetching = { progress, signal };
  const source = await modelFolder(project, model, fetching);
  await using pipeline = await loadPipeline(source, {
    ...(await runtimeOf(project)),
    ...weightsOptions(project, model),
  });
  const { modelHash } = pipeline;
  const modelFile = await modelFileOf(source, signal);
  const store = createImageStore(project.paths.images);
  const scorer = await openRewardScorer(project, reward, fetching);
  const bar = progress({ total: prompts.length, label: `best of ${of} ${set}`, unit: 'prompt' });
  const images: ImageRecord[][] = [];
  let generated = 0;
  try {
    const sampling = { sampler, steps, guidanceScale };
    for (const prompt of prompts) {
      signal?.throwIfAborted();
      const { text, category, holdout, facts } = prompt;
      const keep = keepOf(prompt);
      const seeds = Array.from({ length: of }, (_, number) =>
        imageSeed({ runSeed: project.config.seed, set: seedsOf, prompt: text, number }),
      );
      const recipeOf = (seed: number) => ({
        prompt: text,
        category,
        holdout,
        ...(facts === undefined ? {} : { facts }),
        seed,
        model,
        modelHash,
        ...sampling,
        set,
        purpose,
      });
      const found = seeds.flatMap((seed) => store.find(recipeOf(seed)) ?? []);
      if (found.length >= keep) images.push(found.slice(0, keep));
      else {
        const best = await pipeline.generateBest({
          prompt: text,
          seeds,
          ...sampling,
          batchSize,
          cuts: defaultCuts({ of, keep }),
          score: (pictures) => scorer.scorePictures(text, pictures, signal),
          ...(signal === undefined ? {} : { signal }),
        });
        const kept: ImageRecord[] = [];
        for (const [i, seed] of best.seeds.entries()) {
          kept.push(await store.add(best.images[i]!, recipeOf(seed), { modelFile }));
        }
        images.push(kept);
        generated += kept.length;
      }
      bar.update(images.length);
    }
    return { model, modelHash, images, generated };
  } finally {
    bar.done();
    await scorer.close();
    await store.close();
  }
}
