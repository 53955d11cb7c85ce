/** A Stable Diffusion model as diffusers keeps it: a folder with `model_index.json` and one folder a component. */
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
  /** `fp16` for `*.fp16.safetensors`; by default full precision where it is there, else fp16. */
  variant?: string | undefined;
  /** The U-Net's weights in place of the folder's, which are then not read: a U-Net in training. */
  unetParameters?: ParameterValues | undefined;
  /**
   * The EMA weights of the U-Net, where a single-file checkpoint holds both. A folder has one kind and refuses this.
   */
  ema?: boolean | undefined;
  /**
   * Side of the model's pictures in pixels, in place of what its configs say. Throws an InputError for one it cannot
   * draw.
   */
  size?: number | undefined;
}

/** A model folder whose parts fit together; no weight is read yet. */
interface OpenedModel {
  read(): Promise<StableDiffusionComponents>;
}

/**
 * Reads a model folder. Every config, and every tensor's name and shape, is checked before the first weight is read.
 * Throws an InputError that names the file, what was expected and what came: a component that is missing, a config that
 * contradicts the weights, another family of models.
 */
export async function loadModelFolder(
  folder: string,
  options: LoadModelOptions = {},
): Promise<StableDiffusionComponents> {
  return (await openModelFolder(folder, options)).read();
}

/** Checks all that `loadModelFolder` checks before it reads weights, with its errors. */
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
  /** More text files by their name in the folder: a model card (`README.md`), a licence. */
  textFiles?: Readonly<Record<string, string>>;
  /** Replace a folder that is there. */
  overwrite?: boolean;
}

/**
 * Writes a model folder that diffusers loads, whole or not at all. Throws one sentence when parts do not fit together.
 */
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
      // Latents are not in [-1, 1]; diffusers' DDIM would clip them where the key is absent.
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

/** Throws one sentence when `folder` is missing or a file, such as a single-file checkpoint. */
export async function checkIsFolder(folder: string, wanted: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  const actual = found === undefined ? 'nothing there' : 'a file';
  throw new InputError(`${folder}: expected a folder with ${wanted}, got ${actual}`);
}
