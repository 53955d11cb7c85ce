/** `model_index.json`: the kind of pipeline in a folder, and its components. */
import { join } from 'node:path';
import { describeValue } from '../configs/parse-config.ts';
import { InputError } from '../errors.ts';
import { MAX_CONFIG_BYTES, readJsonFile } from './json-file.ts';

const WRITTEN = 'StableDiffusionPipeline';
const PARTS = ['unet', 'vae', 'text_encoder', 'tokenizer', 'scheduler'] as const;

/**
 * Pipeline classes of other model families. A pipeline of any other class is accepted or refused by its components, as
 * in diffusers' `from_pipe`. Image-to-image, inpainting, ControlNet and so on share the components of Stable Diffusion.
 * The configs of the components show whether heed can use them.
 */
const OTHER_FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/StableDiffusionXL|SDXL/, 'Stable Diffusion XL'],
  [/StableDiffusion3/, 'Stable Diffusion 3'],
  [/Flux/, 'FLUX'],
  [/Kandinsky/, 'Kandinsky'],
  [/PixArt/, 'PixArt'],
];

/** Checks a pipeline folder's index. Throws an InputError for another model family or a missing component. */
export async function checkModelIndex(folder: string): Promise<void> {
  const path = join(folder, 'model_index.json');
  const json = await readJsonFile(path, { maxBytes: MAX_CONFIG_BYTES });
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new InputError(
      `${path}: expected an object, got ${Array.isArray(json) ? 'a list' : json === null ? 'null' : typeof json}`,
    );
  }
  const index = json as Record<string, unknown>;
  const className = index._class_name;
  const family = OTHER_FAMILIES.find(([pattern]) => typeof className === 'string' && pattern.test(className))?.[1];
  if (family !== undefined) {
    throw new InputError(
      `${path}: expected a pipeline of Stable Diffusion 1.x or 2.x, got ${describeValue(className)} (${family})`,
    );
  }
  for (const part of PARTS) {
    const value = index[part];
    if (!Array.isArray(value) || typeof value[1] !== 'string') {
      const kind = className === undefined ? 'it' : describeValue(className);
      throw new InputError(
        `${path}: expected the component ${part} as [library, class], as Stable Diffusion has it, got ${value === undefined ? 'none' : describeValue(value)} in ${kind}`,
      );
    }
  }
}

/** The content of `model_index.json` in a folder that `saveModelFolder` writes. */
export function modelIndex({ schedulerClass }: { schedulerClass: string }): Record<string, unknown> {
  return {
    _class_name: WRITTEN,
    _diffusers_version: '0.32.0',
    feature_extractor: [null, null],
    image_encoder: [null, null],
    requires_safety_checker: false,
    safety_checker: [null, null],
    scheduler: ['diffusers', schedulerClass],
    text_encoder: ['transformers', 'CLIPTextModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
  };
}
