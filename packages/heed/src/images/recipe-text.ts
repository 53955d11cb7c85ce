/**
 * The recipe of an image as heed's own line of text, stored in its PNG under `heed`. Image ids are hashes over this
 * text (`image-id.ts`), so its format must never change. `parameters.ts` writes the text for other programs.
 */
import { IMPORTED, type ImageRecipe, type ImageSource } from './record.ts';

/** The parts of a recipe that the text contains. */
export type WrittenRecipe = Pick<
  ImageRecipe,
  'prompt' | 'seed' | 'model' | 'modelHash' | 'sampler' | 'steps' | 'guidanceScale'
> & { readonly width: number; readonly height: number };

const SAMPLER_NAMES: Readonly<Record<string, string>> = {
  ddim: 'DDIM',
  ddpm: 'DDPM',
  dpmpp_2m: 'DPM++ 2M',
  dpmpp_2m_karras: 'DPM++ 2M Karras',
  euler: 'Euler',
  euler_a: 'Euler a',
  pndm: 'PLMS',
};

/**
 * Formats a recipe: "prompt\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 3, Seed: 1, Size: 64x64, Model hash: ..., Model:
 * base".
 */
export function formatRecipe(recipe: WrittenRecipe): string {
  const { prompt, steps, sampler, guidanceScale, seed, width, height, modelHash, model } = recipe;
  const figures = [
    `Steps: ${steps}`,
    `Sampler: ${SAMPLER_NAMES[sampler] ?? sampler}`,
    `CFG scale: ${guidanceScale}`,
    `Seed: ${seed}`,
    `Size: ${width}x${height}`,
    `Model hash: ${modelHash}`,
    `Model: ${model}`,
  ];
  return `${prompt}\n${figures.join(', ')}`;
}

/**
 * The text of an imported image, whose sampling settings are unknown: "prompt\nSource: <SHA-256 of the file>". If the
 * model that generated the picture is known, the text names the model. The same picture with another model name
 * therefore gets another image id.
 */
export function formatSource({ prompt, model, modelHash }: ImageRecipe, { sha256 }: ImageSource): string {
  const drawnBy = modelHash === IMPORTED ? '' : `, Model hash: ${modelHash}, Model: ${model}`;
  return `${prompt}\nSource: ${sha256}${drawnBy}`;
}
