/** `model_index.json`: what kind of pipeline a folder holds, and of which parts. */
import { join } from 'node:path';
import { readJsonFile } from './json-file.ts';

const SUPPORTED = 'StableDiffusionPipeline';
const PARTS = ['unet', 'vae', 'text_encoder', 'tokenizer', 'scheduler'] as const;

/** Pipelines that share SUPPORTED's parts, or whose name says which family they are. */
const OTHER_FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/StableDiffusionXL/, 'Stable Diffusion XL'],
  [/StableDiffusion3/, 'Stable Diffusion 3'],
  [/Flux/, 'FLUX'],
  [/Kandinsky/, 'Kandinsky'],
  [/PixArt/, 'PixArt'],
  [/Inpaint/, 'an inpainting model'],
  [/ControlNet/, 'a ControlNet'],
];

/** Checks a pipeline folder's index. Throws one sentence for another family or a missing part. */
export async function checkModelIndex(folder: string): Promise<void> {
  const path = join(folder, 'model_index.json');
  const json = await readJsonFile(path, { maxBytes: 1024 * 1024 });
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error(
      `${path}: expected an object, got ${Array.isArray(json) ? 'a list' : json === null ? 'null' : typeof json}`,
    );
  }
  const index = json as Record<string, unknown>;
  const className = index._class_name;
  if (className !== SUPPORTED) {
    const family = OTHER_FAMILIES.find(([pattern]) => typeof className === 'string' && pattern.test(className))?.[1];
    const note = family === undefined ? '' : ` (${family}; supported are Stable Diffusion 1.x and 2.x)`;
    throw new Error(`${path}: expected _class_name "${SUPPORTED}", got ${JSON.stringify(className) ?? 'none'}${note}`);
  }
  for (const part of PARTS) {
    const value = index[part];
    if (!Array.isArray(value) || typeof value[1] !== 'string') {
      throw new Error(
        `${path}: expected the component ${part} as [library, class], got ${JSON.stringify(value) ?? 'none'}`,
      );
    }
  }
}

/** The index of a folder that `saveModelFolder` writes. */
export function modelIndex({ schedulerClass }: { schedulerClass: string }): Record<string, unknown> {
  return {
    _class_name: SUPPORTED,
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
