/** A Stable Diffusion model in either common format: a diffusers folder or a single file. */
import type { UnetConfig } from '../configs/unet-config.ts';
import { InputError } from '../errors.ts';
import { nativeSize, type StableDiffusionComponents, unetConfigOfSize } from '../pipeline/components.ts';
import { isFile } from './is-file.ts';
import { readModelConfigs } from './model-configs.ts';
import { checkModelFolder, type LoadModelOptions, loadModelFolder } from './model-folder.ts';
import { checkCheckpointFile, loadCheckpointFile } from './single-file/single-file.ts';

/**
 * Reads the model at `path`, a folder with `model_index.json` or a single-file checkpoint. Throws the errors of
 * `loadModelFolder` and `loadCheckpointFile`.
 */
export async function loadModel(path: string, options: LoadModelOptions = {}): Promise<StableDiffusionComponents> {
  const { unetParameters, ema, size } = options;
  const components = (await isFile(path))
    ? await loadCheckpointFile(path, { unetParameters, ema })
    : await loadModelFolder(path, options);
  if (size === undefined) return components;
  return { ...components, unet: { ...components.unet, config: configOfSize(path, components, size) } };
}

/** Runs all checks of `loadModel` that need no weights, with the same errors. */
export async function checkModel(
  path: string,
  { ema, size }: Pick<LoadModelOptions, 'ema' | 'size'> = {},
): Promise<void> {
  await ((await isFile(path)) ? checkCheckpointFile(path, { ema }) : checkModelFolder(path, { ema }));
  if (size !== undefined) await modelSize(path, { size });
}

/** Returns the side of the model's pictures in pixels. Reads no weights; throws the errors of `loadModel`. */
export async function modelSize(path: string, { size }: Pick<LoadModelOptions, 'size'> = {}): Promise<number> {
  const { unet, vae } = await readModelConfigs(path);
  const parts = { unet: { config: unet }, vae: { config: vae } };
  if (size !== undefined) configOfSize(path, parts, size);
  return size ?? nativeSize(parts);
}

function configOfSize(path: string, parts: Parameters<typeof unetConfigOfSize>[0], size: number): UnetConfig {
  try {
    return unetConfigOfSize(parts, size);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
}
