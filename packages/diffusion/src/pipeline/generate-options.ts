/** What a caller may ask of `StableDiffusionPipeline.generate`, and its defaults. */
import { InputError } from '../errors.ts';
import { isSamplerName, type SamplerName, samplers } from '../samplers/samplers.ts';

export interface GenerateOptions {
  prompts: readonly string[];
  /** One a prompt; with equal seeds and prompts, equal images. */
  seeds: readonly number[];
  /** Network calls an image. */
  steps?: number;
  /** Up to 1 there is no guidance, at half the cost. */
  guidanceScale?: number;
  /** The negative prompt, which guidance leads away from; the empty text by default. */
  negativePrompt?: string;
  sampler?: SamplerName;
  /** DDIM's share of DDPM's noise. */
  eta?: number;
  /** Pixels; the model's own size by default. */
  width?: number;
  height?: number;
  /** Images sampled together; affects speed and memory alone. */
  batchSize?: number;
  signal?: AbortSignal;
  onProgress?: (progress: GenerateProgress) => void;
}

export interface GenerateProgress {
  /** Images that are finished. */
  imagesDone: number;
  imagesTotal: number;
  /** Steps done of the batch under way. */
  step: number;
  steps: number;
}

/**
 * True where the prompt and the negative prompt are weighed; at 1 and below the prompt alone counts, as in diffusers.
 */
export function isGuided(guidanceScale: number): boolean {
  return guidanceScale > 1;
}

/** Latent positions in flight by default: 16 images of 64 px or one of 512 px keep two cores busy. */
const DEFAULT_BATCH_POSITIONS = 4096;
const MAX_DEFAULT_BATCH = 16;

/** Images a batch that suit the latent size. */
export function defaultBatchSize({ height, width }: { height: number; width: number }): number {
  return Math.min(MAX_DEFAULT_BATCH, Math.max(1, Math.floor(DEFAULT_BATCH_POSITIONS / (height * width))));
}

/** Throws one sentence for options that cannot be met; `multiple` is the side's divisor in pixels. */
export function checkGenerateOptions(
  { prompts, seeds, steps = 20, guidanceScale = 7.5, sampler = 'dpmpp_2m', batchSize = 1 }: GenerateOptions,
  { width, height, multiple }: { width: number; height: number; multiple: number },
): void {
  if (seeds.length !== prompts.length) {
    throw new InputError(`seeds: expected ${prompts.length}, one a prompt, got ${seeds.length}`);
  }
  const fraction = seeds.find((seed) => !Number.isInteger(seed));
  if (fraction !== undefined) throw new InputError(`seeds: expected integers, got ${fraction}`);
  if (!Number.isInteger(steps) || steps < 1) throw new InputError(`steps: expected a positive integer, got ${steps}`);
  if (!Number.isFinite(guidanceScale)) throw new InputError(`guidanceScale: expected a number, got ${guidanceScale}`);
  if (!isSamplerName(sampler)) {
    throw new InputError(`sampler: expected ${Object.keys(samplers).join(' or ')}, got ${JSON.stringify(sampler)}`);
  }
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new InputError(`batchSize: expected a positive integer, got ${batchSize}`);
  }
  if (![width, height].every((side) => Number.isInteger(side) && side > 0 && side % multiple === 0)) {
    throw new InputError(`image size: expected sides divisible by ${multiple}, got ${width} x ${height}`);
  }
}
