/**
 * `heed generate`: draws images of prompts into the project's store, each with its recipe. Stored images are not drawn
 * again, so an interrupted run resumes. The sampling code is in the package `@heed/diffusion`.
 */
import { loadPipeline, type RgbImage, type SamplerName, type StableDiffusionPipeline } from '@heed/diffusion';
import { checkSetPurpose, createImageStore, type ImageRecipe, type ImageStore, type Purpose } from '../images/index.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { checkClip, checkName, modelFolder, type Project, withDrawingLock } from '../project/index.ts';
import { laterStageNotes } from '../project/later-stages.ts';
import { modelFileOf } from '../project/model-file.ts';
import { emaNote, weightsOptions } from '../project/model-weights.ts';
import { predictionNote } from '../project/prediction-note.ts';
import { runtimeOf } from '../project/runtime.ts';
import { cutPromptsNote, imagesPerPrompt, type Prompt, projectTrainingPrompts } from '../prompts/index.ts';
import {
  beginImageList,
  checkNotDrawn,
  readImageLists,
  recordsOf,
  removeImageLists,
  workOf,
} from '../shards/image-lists.ts';
import { partOf, type Shard, shardText } from '../shards/shard.ts';
import { checkNotGenerating, takeInLocked } from '../shards/take-in.ts';
import { imageSeed } from './image-seed.ts';

export interface GenerateRunOptions {
  /** Name of the set: 'train', 'unlabelled', 'eval' or another one. */
  set?: string;
  /** Purpose of the images; 'learn' by default. */
  purpose?: Purpose | undefined;
  /** A model's name; the base model by default. */
  model?: string;
  /** The training prompts of the project by default. */
  prompts?: readonly Prompt[];
  /** Number of images of each prompt; by default as in the project's settings. */
  imagesPerPrompt?: number | ((prompt: Prompt) => number);
  seed?: number;
  sampler?: SamplerName;
  steps?: number;
  guidanceScale?: number;
  batchSize?: number;
  /** Name of the command that draws, for messages of other processes; 'generate' by default. */
  command?: 'generate' | 'try';
  /** The shard to draw; the shard's images are recorded in a file in `shards/`, beside the project's index. */
  shard?: Shard | undefined;
  signal?: AbortSignal;
  /** Called with notes for the user. */
  note?: ((text: string) => void) | undefined;
}

/** The result of `runGenerate`. */
export interface GenerateRunResult {
  set: string;
  model: string;
  modelHash: string;
  prompts: number;
  /** The shard that this call drew; undefined when the call drew all images. */
  shard?: Shard;
  /** Number of images that the set or the shard should have; all these images exist when the call returns. */
  images: number;
  /** Number of images that this call drew. */
  generated: number;
}

/**
 * Draws all missing images; on abort the images of finished batches are kept. A call without a shard first merges the
 * images that all shards drew. Several shards of a project can run at the same time. `heed try` and other commands that
 * draw wait for each other.
 */
export async function runGenerate(
  project: Project,
  options: GenerateRunOptions,
  progress: ProgressFactory,
): Promise<GenerateRunResult> {
  const { shard, command = 'generate', note, signal } = options;
  if (shard === undefined) {
    return withDrawingLock(project, { command, note, signal }, () => generate(project, options, progress));
  }
  await checkNotGenerating(project);
  return generate(project, options, progress);
}

async function generate(
  project: Project,
  options: GenerateRunOptions,
  progress: ProgressFactory,
): Promise<GenerateRunResult> {
  const { config, paths } = project;
  const { set = 'train', purpose = 'learn', model = config.model.name, shard, signal, note } = options;
  checkName(set, 'set');
  if (shard === undefined) await takeInLocked(project);
  checkSetPurpose(createImageStore(paths.images), { set, purpose });
  const prompts = uniqueByText(options.prompts ?? (await projectTrainingPrompts(project)));
  // Before hours of drawing and judging: the reward will need it.
  await checkClip(project, { signal, note });
  const source = await modelFolder(project, model, { progress, signal, note });
  const remark = await emaNote(project, model, source);
  if (remark !== undefined) note?.(remark);
  await using pipeline = await loadPipeline(source, {
    ...(await runtimeOf(project)),
    ...weightsOptions(project, model),
  });
  if (purpose === 'learn' && note !== undefined) for (const sentence of await laterStageNotes(project)) note(sentence);
  const cut = cutPromptsNote(
    prompts.map(({ text }) => text),
    { reader: pipeline, name: `model '${model}'` },
  );
  if (cut !== undefined) note?.(cut);
  const { modelHash } = pipeline;
  const recipes = recipesOf(project, { ...options, set, purpose, model, modelHash, prompts });
  const work = workOf(set, recipes);
  await checkNotDrawn(project, { work, shard, note });
  const own = shard === undefined ? recipes : partOf(recipes, shard);
  const list = await openList(project, { work, shard, set, recipes: own });
  const { store } = list;
  try {
    const missing: ImageRecipe[] = [];
    for (const recipe of own) if ((await store.adopt(recipe)) === undefined) missing.push(recipe);
    const wrong = missing.length === 0 ? undefined : await predictionNote(project, pipeline, { source, signal });
    if (wrong !== undefined) note?.(wrong);
    const modelFile = missing.length === 0 ? undefined : await modelFileOf(source, signal);
    const label = shard === undefined ? `generate ${set}` : `generate ${set}, shard ${shardText(shard)}`;
    const bar = progress({ total: own.length, label, unit: 'image' });
    await drawAll(pipeline, missing, {
      batchSize: options.batchSize ?? config.sample.batchSize,
      add: (image, recipe) => store.add(image, recipe, { modelFile }),
      onProgress: (drawn) => bar.update(own.length - missing.length + drawn),
      signal,
    });
    bar.done();
    await list.finish();
    const counts = { prompts: prompts.length, images: own.length, generated: missing.length };
    return { set, model, modelHash, ...(shard === undefined ? {} : { shard }), ...counts };
  } finally {
    await store.close();
  }
}

/** The recipes to draw, in an order that is the same for every shard. */
function recipesOf(
  project: Project,
  options: GenerateRunOptions & {
    set: string;
    purpose: Purpose;
    model: string;
    modelHash: string;
    prompts: readonly Prompt[];
  },
): ImageRecipe[] {
  const { config } = project;
  const { set, purpose, model, modelHash, prompts } = options;
  const { imagesPerPrompt: wanted = (prompt: Prompt) => imagesPerPrompt(project, prompt) } = options;
  const countOf = typeof wanted === 'number' ? () => wanted : wanted;
  return prompts.flatMap((prompt) =>
    Array.from({ length: countOf(prompt) }, (_, number) => ({
      prompt: prompt.text,
      category: prompt.category,
      holdout: prompt.holdout,
      ...(prompt.facts === undefined ? {} : { facts: prompt.facts }),
      seed: imageSeed({ runSeed: options.seed ?? config.seed, set, prompt: prompt.text, number }),
      model,
      modelHash,
      sampler: options.sampler ?? config.sample.sampler,
      steps: options.steps ?? config.sample.steps,
      guidanceScale: options.guidanceScale ?? config.sample.guidanceScale,
      set,
      purpose,
    })),
  );
}

/**
 * Opens the image store. New images are recorded in the project's index or, for a shard, in the shard's list beside the
 * index.
 */
async function openList(
  project: Project,
  options: { work: string; shard: Shard | undefined; set: string; recipes: readonly ImageRecipe[] },
): Promise<{ store: ImageStore; finish(): Promise<void> }> {
  const { work, shard, set, recipes } = options;
  const { images } = project.paths;
  if (shard === undefined) {
    return { store: createImageStore(images), finish: () => removeImageLists(project, work) };
  }
  const records = (await readImageLists(project, work)).flatMap(recordsOf);
  const known = createImageStore(images, { shard: { path: '', records } });
  const missing = recipes.filter((recipe) => known.find(recipe) === undefined).length;
  const { path, finish } = await beginImageList(project, { work, shard, set, images: missing });
  return { store: createImageStore(images, { shard: { path, records } }), finish };
}

async function drawAll(
  pipeline: StableDiffusionPipeline,
  recipes: readonly ImageRecipe[],
  options: {
    batchSize: number;
    add: (image: RgbImage, recipe: ImageRecipe) => Promise<unknown>;
    onProgress: (drawn: number) => void;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { batchSize, add, onProgress, signal } = options;
  for (let start = 0; start < recipes.length; start += batchSize) {
    const batch = recipes.slice(start, start + batchSize);
    const { sampler, steps, guidanceScale } = batch[0]!;
    const images = await pipeline.generate({
      prompts: batch.map(({ prompt }) => prompt),
      seeds: batch.map(({ seed }) => seed),
      sampler: sampler as SamplerName,
      steps,
      guidanceScale,
      // Always the same size, filled up where need be: another size could round differently.
      batchSize,
      ...(signal === undefined ? {} : { signal }),
    });
    for (const [i, image] of images.entries()) await add(image, batch[i]!);
    onProgress(start + batch.length);
  }
}

function uniqueByText(prompts: readonly Prompt[]): Prompt[] {
  return [...new Map(prompts.map((prompt) => [prompt.text, prompt])).values()];
}
