/**
 * Writes a recipe as the text that AUTOMATIC1111's web UI writes into PNGs. That UI ("PNG Info", then "Send to
 * txt2img"), Forge, Civitai and image browsers read this text. The format is that of `create_infotext` in A1111 1.10,
 * which `parse_generation_parameters` reads back (modules/infotext_utils.py). From this text those programs draw a
 * similar picture, not an equal one, because those programs make different noise from the same seed.
 */
import { parse } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { badInput } from '../errors.ts';
import type { WrittenRecipe } from './recipe-text.ts';

/** The file of a single-file model. */
export interface ModelFile {
  /** File name with its extension. */
  readonly fileName: string;
  /** SHA-256 of the file's bytes. */
  readonly sha256: string;
}

/** The values in the text. */
export interface Parameters extends Omit<WrittenRecipe, 'modelHash'> {
  /**
   * First digits of the SHA-256 of a model's file. In texts of earlier heed versions, a hash of the model's weights.
   */
  readonly modelHash?: string;
}

interface SamplerFields {
  readonly Sampler: string;
  readonly 'Schedule type': 'Automatic' | 'Uniform' | 'Karras';
  readonly 'Eta DDIM'?: 1;
}

/**
 * A1111's name of each sampler. Without a schedule type, A1111 draws `DPM++ 2M` with Karras' noise levels. A1111 has no
 * DDPM and replaces unknown names by its first sampler. DDPM is therefore written as DDIM with eta 1, which is the same
 * sampler (Song et al. 2021, section 4.1).
 */
const SAMPLERS: Readonly<Record<string, SamplerFields>> = {
  ddim: { Sampler: 'DDIM', 'Schedule type': 'Automatic' },
  ddpm: { Sampler: 'DDIM', 'Schedule type': 'Automatic', 'Eta DDIM': 1 },
  dpmpp_2m: { Sampler: 'DPM++ 2M', 'Schedule type': 'Uniform' },
  dpmpp_2m_karras: { Sampler: 'DPM++ 2M', 'Schedule type': 'Karras' },
  euler: { Sampler: 'Euler', 'Schedule type': 'Uniform' },
  euler_a: { Sampler: 'Euler a', 'Schedule type': 'Uniform' },
  pndm: { Sampler: 'PLMS', 'Schedule type': 'Automatic' },
};

/** Sampler names in texts of earlier heed versions, which had no schedule type. */
const EARLIER_SAMPLERS: Readonly<Record<string, string>> = { DDPM: 'ddpm', 'DPM++ 2M Karras': 'dpmpp_2m_karras' };

/**
 * Formats a recipe: "prompt\nSteps: 20, Sampler: DPM++ 2M, Schedule type: Uniform, CFG scale: 3, Seed: 1, Size: 64x64,
 * Model: base, Version: heed 0.1.0". A1111 and Civitai find a model by the name and `Model hash` from `modelFile`.
 * Without `modelFile`, the text has no hash.
 */
export function formatParameters(
  recipe: Omit<WrittenRecipe, 'modelHash'>,
  { modelFile }: { modelFile?: ModelFile | undefined } = {},
): string {
  const { prompt, steps, sampler, guidanceScale, seed, width, height, model } = recipe;
  const { 'Eta DDIM': eta, ...names } = SAMPLERS[sampler] ?? { Sampler: sampler };
  const fields = {
    Steps: steps,
    ...names,
    'CFG scale': guidanceScale,
    Seed: seed,
    Size: `${width}x${height}`,
    'Model hash': modelFile?.sha256.slice(0, MODEL_HASH_DIGITS),
    Model: fieldText(modelFile ? parse(modelFile.fileName).name : model),
    'Eta DDIM': eta,
    // heed writes its own version here: A1111 changes its settings for texts of old A1111 versions.
    Version: `heed ${packageJson.version}`,
  };
  const figures = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `${prompt}\n${figures.join(', ')}`;
}

/** Number of digits to which A1111 shortens a model's hash. */
const MODEL_HASH_DIGITS = 10;

/**
 * Replaces characters that a reader would misunderstand: Civitai reads quotes as a nested list, and A1111 and Civitai
 * end a value at a comma.
 */
function fieldText(text: string): string {
  return text.replace(/[,:"\\\n]/g, '_');
}

/** Parses the text of `formatParameters`, also in the forms of earlier versions. */
export function parseParameters(text: string): Parameters {
  const at = text.lastIndexOf('\nSteps: ');
  const figures = new Map(
    text
      .slice(at + 1)
      .split(', ')
      .map((part) => [part.slice(0, part.indexOf(': ')), part.slice(part.indexOf(': ') + 2)] as const),
  );
  const [width, height] = (figures.get('Size') ?? '').split('x').map(Number);
  const sampler = samplerOf(figures);
  const model = figures.get('Model');
  const modelHash = figures.get('Model hash');
  if (at < 0 || sampler === undefined || model === undefined || !width || !height) {
    throw badInput(
      `expected a 'parameters' text with steps, sampler, seed, size and model, got ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return {
    prompt: text.slice(0, at),
    steps: Number(figures.get('Steps')),
    sampler,
    guidanceScale: Number(figures.get('CFG scale')),
    seed: Number(figures.get('Seed')),
    width,
    height,
    ...(modelHash === undefined ? {} : { modelHash }),
    model,
  };
}

function samplerOf(figures: ReadonlyMap<string, string>): string | undefined {
  const name = figures.get('Sampler');
  if (name === undefined) return undefined;
  const schedule = figures.get('Schedule type');
  const eta = figures.get('Eta DDIM');
  const found = Object.entries(SAMPLERS).find(
    ([, fields]) =>
      fields.Sampler === name &&
      (schedule === undefined || fields['Schedule type'] === schedule) &&
      String(fields['Eta DDIM']) === String(eta),
  );
  return found?.[0] ?? EARLIER_SAMPLERS[name] ?? name;
}
