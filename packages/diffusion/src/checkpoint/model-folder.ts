/**
 * A Stable Diffusion model in diffusers' format: a folder with `model_index.json` and one subfolder for each component.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParameterValues } from '@heed/autodiff';
import { parseSchedulerConfig, type SchedulerConfig } from '../configs/scheduler-config.ts';
import { InputError } from '../errors.ts';
import { writeFolderAtomically } from '../files/atomic-folder.ts';
import { checkComponents, type StableDiffusionComponents } from '../pipeline/components.ts';
import { checkContrast } from '../pipeline/contrast.ts';
import type { FloatType } from '../safetensors/element-type.ts';
import { createSchedule } from '../schedule/noise-schedule.ts';
import { loadTokenizer } from '../tokenizer/tokenizer.ts';
import { writeTokenizer } from '../tokenizer/tokenizer-files.ts';
import { openComponent, saveComponent } from './component.ts';
import { openContrast, saveContrast } from './contrast-files.ts';
import { MAX_CONFIG_BYTES, readJsonFile, writeJsonFile, writeTextFile } from './json-file.ts';
import { checkModelIndex, modelIndex } from './model-index.ts';

export interface LoadModelOptions {
  /** The variant of the weights, `fp16` for `*.fp16.safetensors`; by default full precision if available, else fp16. */
  variant?: string | undefined;
  /**
   * U-Net weights that replace the weights in the folder, for example those of a U-Net in training. With this option
   * the folder's U-Net weights are not read.
   */
  unetParameters?: ParameterValues | undefined;
  /**
   * Whether to use the U-Net's EMA weights, if a single-file checkpoint has both EMA and ordinary weights. Model
   * folders, which have only one kind of weights, refuse this option.
   */
  ema?: boolean | undefined;
  /**
   * Side of the model's pictures in pixels, which replaces the size in the config. Throws an InputError for an
   * impossible size.
   */
  size?: number | undefined;
}

/** A model folder whose components match; no weights are read yet. */
interface OpenedModel {
  read(): Promise<StableDiffusionComponents>;
}

/**
 * Reads a model folder. All configs, and the names and shapes of all tensors, are checked before any weights are read.
 * Throws an InputError for a missing component, a config that contradicts the weights, or another family of models. The
 * message names the file, what was expected and what was found.
 */
export async function loadModelFolder(
  folder: string,
  options: LoadModelOptions = {},
): Promise<StableDiffusionComponents> {
  return (await openModelFolder(folder, options)).read();
}

/** Runs all checks of `loadModelFolder` that need no weights, with the same errors. */
export async function checkModelFolder(folder: string, options: LoadModelOptions = {}): Promise<void> {
  await openModelFolder(folder, options);
}

async function openModelFolder(
  folder: string,
  { variant, unetParameters, ema }: LoadModelOptions,
): Promise<OpenedModel> {
  await checkIsFolder(folder, 'model_index.json');
  if (ema) throw new InputError(`${folder}: expected a checkpoint file that holds EMA weights, got a folder`);
  await checkModelIndex(folder);
  const scheduler = await loadScheduler(folder);
  const tokenizer = await loadTokenizer(join(folder, 'tokenizer'));
  const textEncoder = await openComponent(folder, 'textEncoder', { variant });
  const vae = await openComponent(folder, 'vae', { variant });
  const unet = await openComponent(folder, 'unet', { variant, parameters: unetParameters });
  const contrast = await openContrast(folder);
  try {
    checkComponents({ unet, vae, textEncoder, tokenizer });
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${folder}: ${error.message}`) : error;
  }
  return {
    read: async () => ({
      textEncoder: await textEncoder.read(),
      vae: await vae.read(),
      unet: await unet.read(),
      tokenizer,
      scheduler,
      ...(contrast === undefined ? {} : { contrast: await contrast.read() }),
    }),
  };
}

export interface SaveModelOptions {
  dtype?: FloatType;
  /** Strings for the `__metadata__` of each weights file. */
  metadata?: Readonly<Record<string, string>>;
  /** Further text files by name: a model card (`README.md`), a licence. */
  textFiles?: Readonly<Record<string, string>>;
  /** Whether to replace an existing folder. */
  overwrite?: boolean;
}

/** Writes a model folder for diffusers, atomically. Throws when components do not match. */
export async function saveModelFolder(
  folder: string,
  components: StableDiffusionComponents,
  { dtype = 'F16', metadata = {}, textFiles = {}, overwrite = false }: SaveModelOptions = {},
): Promise<void> {
  checkComponents(components);
  const { unet, vae, textEncoder, tokenizer, scheduler, contrast } = components;
  if (contrast) checkContrast(contrast, unet);
  await writeFolderAtomically(
    folder,
    async (temporary) => {
      const weights = { dtype, metadata };
      await saveComponent(join(temporary, 'unet'), 'unet', unet, weights);
      await saveComponent(join(temporary, 'vae'), 'vae', vae, weights);
      await saveComponent(join(temporary, 'text_encoder'), 'textEncoder', textEncoder, weights);
      await writeTokenizer(join(temporary, 'tokenizer'), tokenizer.files);
      // Latents exceed [-1, 1], and without this key diffusers' DDIM would clip them.
      await writeJsonFile(join(temporary, 'scheduler', 'scheduler_config.json'), { clip_sample: false, ...scheduler });
      await writeJsonFile(join(temporary, 'model_index.json'), modelIndex({ schedulerClass: scheduler._class_name }));
      if (contrast) await saveContrast(temporary, contrast, weights);
      for (const [name, text] of Object.entries(textFiles)) await writeTextFile(join(temporary, name), text);
    },
    { overwrite },
  );
}

async function loadScheduler(folder: string): Promise<SchedulerConfig> {
  const path = join(folder, 'scheduler', 'scheduler_config.json');
  const json = await readJsonFile(path, { maxBytes: MAX_CONFIG_BYTES });
  const className =
    typeof json === 'object' && json !== null ? (json as Record<string, unknown>)._class_name : undefined;
  if (typeof className === 'string' && className.includes('FlowMatch')) {
    throw new InputError(
      `${path}: expected a schedule of betas, got ${className}, the flow matching of another family of models`,
    );
  }
  const config = parseSchedulerConfig(json, path);
  try {
    createSchedule(config);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
  return config;
}

/** Throws when `folder` is missing or a file, such as a single-file checkpoint. */
export async function checkIsFolder(folder: string, wanted: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  const actual = found === undefined ? 'nothing there' : 'a file';
  throw new InputError(`${folder}: expected a folder with ${wanted}, got ${actual}`);
}
