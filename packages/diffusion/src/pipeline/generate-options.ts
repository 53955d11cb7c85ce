/** The options of `StableDiffusionPipeline.generate` and their defaults. */
import { InputError } from '../errors.ts';
import { isSamplerName, type SamplerName, samplers } from '../samplers/samplers.ts';

export interface GenerateOptions {
  prompts: readonly string[];
  /** One seed for each prompt. Equal seeds and prompts give equal images. */
  seeds: readonly number[];
  /** Network calls an image. */
  steps?: number;
  /** Scale of classifier-free guidance; at 1 or below there is no guidance, which halves the cost. */
  guidanceScale?: number;
  /** The negative prompt, which guidance steers away from; empty by default. */
  negativePrompt?: string;
  sampler?: SamplerName;
  /** Factor on DDPM's noise in DDIM: 0 is deterministic, 1 is DDPM. */
  eta?: number;
  /** Width in pixels; by default the size that the model was trained at. */
  width?: number;
  height?: number;
  /** Number of images sampled together. The batch size affects only speed and memory. */
  batchSize?: number;
  signal?: AbortSignal;
  onProgress?: (progress: GenerateProgress) => void;
}

export interface GenerateProgress {
  /** Number of finished images. */
  imagesDone: number;
  imagesTotal: number;
  /** Number of finished steps of the current batch. */
  step: number;
  steps: number;
}

/** Whether guidance is used: at a scale of 1 and below only the prompt is used, as in diffusers. */
export function isGuided(guidanceScale: number): boolean {
  return guidanceScale > 1;
}

/** Default number of latent positions in a batch: 16 images of 64 px or one of 512 px keep two cores busy. */
const DEFAULT_BATCH_POSITIONS = 4096;
const MAX_DEFAULT_BATCH = 16;

/** Default batch size for this latent size. */
export function defaultBatchSize({ height, width }: { height: number; width: number }): number {
  return Math.min(MAX_DEFAULT_BATCH, Math.max(1, Math.floor(DEFAULT_BATCH_POSITIONS / (height * width))));
}

/** Throws for options that the model cannot satisfy. Picture sides must be divisible by `multiple` pixels. */
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
