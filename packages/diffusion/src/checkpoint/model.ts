/** A Stable Diffusion model in either form in which people keep one: a diffusers folder or a single file. */
import { stat } from 'node:fs/promises';
import type { StableDiffusionComponents } from '../pipeline/components.ts';
import { checkModelFolder, type LoadModelOptions, loadModelFolder } from './model-folder.ts';
import { checkCheckpointFile, loadCheckpointFile } from './single-file/single-file.ts';

/** Reads the model at `path`, a folder with `model_index.json` or a single-file checkpoint; errors as of the two. */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<StableDiffusionComponents> {
  const { unetParameters, ema } = options;
  return (await isFile(path)) ? loadCheckpointFile(path, { unetParameters, ema }) : loadModelFolder(path, options);
}

/** Checks all that `loadModel` checks before it reads weights, with its errors. */
export async function checkModel(path: string, { ema }: Pick<LoadModelOptions, 'ema'> = {}): Promise<void> {
  await ((await isFile(path)) ? checkCheckpointFile(path, { ema }) : checkModelFolder(path, { ema }));
}

/** True for a file, which then has to be a single-file checkpoint. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
