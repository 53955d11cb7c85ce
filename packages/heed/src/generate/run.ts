/**
 * `heed generate`: images of prompts into the project's store, each with its recipe. What is there is not drawn again,
 * so an interrupted run goes on where it stopped. Sampling itself is `@heed/diffusion`'s.
 */
import { loadPipeline, type SamplerName } from '@heed/diffusion';
import { checkSetPurpose, createImageStore, type ImageRecipe, type Purpose } from '../images/index.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { checkClip, checkName, modelFolder, type Project, withLock } from '../project/index.ts';
import { modelFileOf } from '../project/model-file.ts';
import { emaNote, weightsOptions } from '../project/model-weights.ts';
import { predictionNote } from '../project/prediction-note.ts';
import { runtimeOf } from '../project/runtime.ts';
import { cutPromptsNote, imagesPerPrompt, type Prompt, projectTrainingPrompts } from '../prompts/index.ts';
import { imageSeed } from './image-seed.ts';

export interface GenerateRunOptions {
  /** Name of the set: 'train', 'unlabelled', 'eval' or another one. */
  set?: string;
  /** What the images are for; 'learn' by default. */
  purpose?: Purpose | undefined;
  /** A model's name; the base model by default. */
  model?: string;
  /** The training prompts of the project by default. */
  prompts?: readonly Prompt[];
  /** Images of each prompt; the project's numbers by default. */
  imagesPerPrompt?: number | ((prompt: Prompt) => number);
  seed?: number;
  sampler?: SamplerName;
  steps?: number;
  guidanceScale?: number;
  batchSize?: number;
  signal?: AbortSignal;
  /** Told what the user should know. */
  note?: ((text: string) => void) | undefined;
}

/** What `runGenerate` came to. */
export interface GenerateRunResult {
  set: string;
  model: string;
  modelHash: string;
  prompts: number;
  /** Images of this set that the prompts ask for; all are in the store. */
  images: number;
  /** How many of them were drawn now. */
  generated: number;
}

/** Draws all missing images; on abort those of finished batches are kept. */
export async function runGenerate(
  project: Project,
  options: GenerateRunOptions,
  progress: ProgressFactory,
): Promise<GenerateRunResult> {
  return withLock(project, 'generate', () => generate(project, options, progress));
}

async function generate(
  project: Project,
  options: GenerateRunOptions,
  progress: ProgressFactory,
): Promise<GenerateRunResult> {
  const { config, paths } = project;
  const { set = 'train', purpose = 'learn', model = config.model.name, signal } = options;
  checkName(set, 'set');
  checkSetPurpose(createImageStore(paths.images), { set, purpose });
  const prompts = uniqueByText(options.prompts ?? (await projectTrainingPrompts(project)));
  const { batchSize, ...sampling } = {
    sampler: options.sampler ?? config.sample.sampler,
    steps: options.steps ?? config.sample.steps,
    guidanceScale: options.guidanceScale ?? config.sample.guidanceScale,
    batchSize: options.batchSize ?? config.sample.batchSize,
  };
  const { note } = options;
  // Before hours of drawing and judging: the reward will need it.
  await checkClip(project, { signal, note });
  const source = await modelFolder(project, model, { progress, signal, note });
  const remark = await emaNote(project, model, source);
  if (remark !== undefined) note?.(remark);
  await using pipeline = await loadPipeline(source, { ...runtimeOf(project), ...weightsOptions(project, model) });
  const cut = cutPromptsNote(
    prompts.map(({ text }) => text),
    { reader: pipeline, name: `model '${model}'` },
  );
  if (cut !== undefined) options.note?.(cut);
  const { modelHash } = pipeline;
  const { imagesPerPrompt: wanted = (prompt: Prompt) => imagesPerPrompt(project, prompt) } = options;
  const countOf = typeof wanted === 'number' ? () => wanted : wanted;
  const recipes: ImageRecipe[] = prompts.flatMap((prompt) =>
    Array.from({ length: countOf(prompt) }, (_, number) => ({
      prompt: prompt.text,
      category: prompt.category,
      holdout: prompt.holdout,
      ...(prompt.facts === undefined ? {} : { facts: prompt.facts }),
      seed: imageSeed({ runSeed: options.seed ?? config.seed, set, prompt: prompt.text, number }),
      model,
      modelHash,
      ...sampling,
      set,
      purpose,
    })),
  );

  const store = createImageStore(paths.images);
  try {
    const missing: ImageRecipe[] = [];
    for (const recipe of recipes) if ((await store.adopt(recipe)) === undefined) missing.push(recipe);
    const found = recipes.length - missing.length;
    const wrong = missing.length === 0 ? undefined : await predictionNote(project, pipeline, { source, signal });
    if (wrong !== undefined) note?.(wrong);
    const modelFile = missing.length === 0 ? undefined : await modelFileOf(source, signal);
    const bar = progress({ total: recipes.length, label: `generate ${set}`, unit: 'image' });
    if (found > 0) bar.update(found);
    for (let start = 0; start < missing.length; start += batchSize) {
      const batch = missing.slice(start, start + batchSize);
      const images = await pipeline.generate({
        prompts: batch.map(({ prompt }) => prompt),
        seeds: batch.map(({ seed }) => seed),
        ...sampling,
        // Always the same size, filled up where need be: another size could round differently.
        batchSize,
        ...(signal === undefined ? {} : { signal }),
      });
      for (const [i, image] of images.entries()) await store.add(image, batch[i]!, { modelFile });
      bar.update(found + start + batch.length);
    }
    bar.done();
    return {
      set,
      model,
      modelHash,
      prompts: prompts.length,
      images: recipes.length,
      generated: missing.length,
    };
  } finally {
    await store.close();
  }
}

function uniqueByText(prompts: readonly Prompt[]): Prompt[] {
  return [...new Map(prompts.map((prompt) => [prompt.text, prompt])).values()];
}
