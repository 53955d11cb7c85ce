/** The recipe as the line of text that AUTOMATIC1111's web UI writes into PNGs and that image browsers show. */
import { badInput } from '../errors.ts';
import { IMPORTED, type ImageRecipe, type ImageSource } from './record.ts';

/** What the text holds of a recipe. */
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

/** "prompt\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 3, Seed: 1, Size: 64x64, Model hash: ..., Model: base". */
export function formatParameters(recipe: WrittenRecipe): string {
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
 * The text of an imported image, whose figures nobody knows: "prompt\nSource: <SHA-256 of the file>", and the model where
 * one is known to have drawn it. So the same picture under another model's name is another image.
 */
export function formatSource({ prompt, model, modelHash }: ImageRecipe, { sha256 }: ImageSource): string {
  const drawnBy = modelHash === IMPORTED ? '' : `, Model hash: ${modelHash}, Model: ${model}`;
  return `${prompt}\nSource: ${sha256}${drawnBy}`;
}

/** Reads back what `formatParameters` wrote. */
export function parseParameters(text: string): WrittenRecipe {
  const at = text.lastIndexOf('\nSteps: ');
  const figures = new Map(
    text
      .slice(at + 1)
      .split(', ')
      .map((part) => [part.slice(0, part.indexOf(': ')), part.slice(part.indexOf(': ') + 2)] as const),
  );
  const [width, height] = (figures.get('Size') ?? '').split('x').map(Number);
  const sampler = figures.get('Sampler');
  const model = figures.get('Model');
  const modelHash = figures.get('Model hash');
  if (at < 0 || sampler === undefined || model === undefined || modelHash === undefined || !width || !height) {
    throw badInput(
      `expected a 'parameters' text with steps, sampler, seed, size and model, got ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return {
    prompt: text.slice(0, at),
    steps: Number(figures.get('Steps')),
    sampler: Object.entries(SAMPLER_NAMES).find(([, name]) => name === sampler)?.[0] ?? sampler,
    guidanceScale: Number(figures.get('CFG scale')),
    seed: Number(figures.get('Seed')),
    width,
    height,
    modelHash,
    model,
  };
}
