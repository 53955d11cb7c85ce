/**
 * `heed sample`: draws images of any prompts with any model of the project. The command writes a PNG with the recipe
 * for each image, and one grid of all images.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { loadPipeline, type RgbImage } from '@heed/diffusion';
import { encodePng, formatParameters } from '../images/index.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { modelFolder, type Project } from '../project/index.ts';
import { modelFileOf } from '../project/model-file.ts';
import { weightsOptions } from '../project/model-weights.ts';
import { runtimeOf } from '../project/runtime.ts';
import { cutPromptsNote } from '../prompts/cut-prompts.ts';
import { composeGrid } from './grid.ts';

export interface SampleRunOptions {
  prompts: readonly string[];
  /** Images of each prompt. */
  count?: number;
  /** Seed of the first image of each prompt; the prompt's further images use the next higher seeds. */
  seed?: number;
  /** A model's name; the base model by default. */
  model?: string;
  /** Path of the output folder, relative to the working directory. */
  out: string;
  signal?: AbortSignal;
  /** Called with a sentence about prompts that the text encoder truncates. */
  note?: ((text: string) => void) | undefined;
}

/**
 * Draws and writes the images; returns the paths of the files, the path of the grid first. The grid has one row for
 * each prompt.
 */
export async function runSample(
  project: Project,
  options: SampleRunOptions,
  progress: ProgressFactory,
): Promise<{ model: string; files: string[] }> {
  const { prompts, count = 4, seed: firstSeed = 0, model = project.config.model.name, signal } = options;
  const { sampler, steps, guidanceScale, batchSize } = project.config.sample;
  const folder = resolve(options.out);
  const source = await modelFolder(project, model, { progress, signal });
  const modelFile = await modelFileOf(source, signal);
  await using pipeline = await loadPipeline(source, {
    ...(await runtimeOf(project)),
    ...weightsOptions(project, model),
  });
  const cut = cutPromptsNote(prompts, { reader: pipeline, name: `model '${model}'` });
  if (cut !== undefined) options.note?.(cut);
  const wanted = prompts.flatMap((prompt) =>
    Array.from({ length: count }, (_, i) => ({ prompt, seed: firstSeed + i })),
  );
  const bar = progress({ total: wanted.length, label: 'sample', unit: 'image' });
  const images = await pipeline.generate({
    prompts: wanted.map(({ prompt }) => prompt),
    seeds: wanted.map(({ seed }) => seed),
    sampler,
    steps,
    guidanceScale,
    batchSize,
    ...(signal === undefined ? {} : { signal }),
    onProgress: ({ imagesDone }) => bar.update(imagesDone),
  });
  bar.done();

  await mkdir(folder, { recursive: true });
  const common = { model, sampler, steps, guidanceScale };
  const files = [join(folder, 'grid.png')];
  await writeFile(files[0]!, encodeGrid(composeGrid(images, { columns: count }), prompts));
  for (const [i, image] of images.entries()) {
    const { prompt, seed } = wanted[i]!;
    const file = join(folder, `${String(Math.floor(i / count) + 1).padStart(3, '0')}-${slug(prompt)}-${seed}.png`);
    const { width, height } = image;
    const parameters = formatParameters({ prompt, seed, ...common, width, height }, { modelFile });
    await writeFile(file, encodePng(image, { parameters }));
    files.push(file);
  }
  return { model, files };
}

/** Encodes the grid as a PNG whose text lists the prompts of its rows. */
export function encodeGrid(grid: RgbImage, prompts: readonly string[]): Uint8Array {
  return encodePng(grid, { parameters: prompts.join('\n') });
}

function slug(prompt: string): string {
  const words = prompt
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return words.slice(0, 40) || 'prompt';
}
