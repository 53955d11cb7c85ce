/**
 * The recipe as the text that AUTOMATIC1111's web UI writes into PNGs, for that UI ("PNG Info", then "Send to
 * txt2img"), Forge, Civitai and image browsers. Written as `create_infotext` of A1111 1.10 writes it, and read back by
 * `parse_generation_parameters` there (modules/infotext_utils.py). They draw a similar picture, not the same: their
 * noise for a seed is another.
 */
import { parse } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { badInput } from '../errors.ts';
import type { WrittenRecipe } from './recipe-text.ts';

/** The file that a model was loaded from, where it is one file. */
export interface ModelFile {
  /** With its suffix. */
  readonly fileName: string;
  /** Of its bytes. */
  readonly sha256: string;
}

/** What the text tells. */
export interface Parameters extends Omit<WrittenRecipe, 'modelHash'> {
  /** First digits of the SHA-256 of a model's file; of texts that heed wrote before, a hash of its weights. */
  readonly modelHash?: string;
}

interface SamplerFields {
  readonly Sampler: string;
  readonly 'Schedule type': 'Automatic' | 'Uniform' | 'Karras';
  readonly 'Eta DDIM'?: 1;
}

/**
 * A1111's name of each sampler. Without a schedule type, A1111 draws `DPM++ 2M` with Karras' noise levels. A1111 has no
 * DDPM and replaces unknown names by its first sampler. DDPM is therefore written as DDIM with eta 1, which is equal
 * (Song et al. 2021, section 4.1).
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

/** Names of samplers as heed wrote them before it wrote schedule types. */
const EARLIER_SAMPLERS: Readonly<Record<string, string>> = { DDPM: 'ddpm', 'DPM++ 2M Karras': 'dpmpp_2m_karras' };

/**
 * "prompt\nSteps: 20, Sampler: DPM++ 2M, Schedule type: Uniform, CFG scale: 3, Seed: 1, Size: 64x64, Model: base,
 * Version: heed 0.1.0". `modelFile` gives the name and `Model hash` by which A1111 and Civitai find a model; without it
 * there is no hash.
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
    // Not a version of A1111: for an old one, A1111 would change its own settings.
    Version: `heed ${packageJson.version}`,
  };
  const figures = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return `${prompt}\n${figures.join(', ')}`;
}

/** As A1111 shortens a model's hash. */
const MODEL_HASH_DIGITS = 10;

/** Civitai takes quotes for a nested list, and both end a value at a comma. */
function fieldText(text: string): string {
  return text.replace(/[,:"\\\n]/g, '_');
}

/** Reads back what `formatParameters` writes and wrote. */
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
