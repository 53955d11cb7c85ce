/** Generates pictures from text with the components of a Stable Diffusion model. */
import { createRandom, type RandomGenerator } from '@heed/autodiff';
import type { ClipTextConfig } from '../configs/clip-config.ts';
import type { SchedulerConfig } from '../configs/scheduler-config.ts';
import type { UnetConfig } from '../configs/unet-config.ts';
import { type VaeConfig, vaeScale } from '../configs/vae-config.ts';
import type { RgbImage } from '../images/rgb-image.ts';
import { samplers } from '../samplers/samplers.ts';
import { createSchedule, type NoiseSchedule } from '../schedule/noise-schedule.ts';
import { paddedBatches, rowOf, stackRows } from './batches.ts';
import {
  checkComponents,
  hashComponents,
  hashTextEncoder,
  hashVae,
  nativeSize,
  type StableDiffusionComponents,
  sideMultiple,
} from './components.ts';
import { checkContrast, withContrast } from './contrast.ts';
import { createDenoiser, type Denoiser } from './denoiser.ts';
import { checkGenerateOptions, defaultBatchSize, type GenerateOptions, isGuided } from './generate-options.ts';
import { createImageCodec, type ImageCodec } from './image-codec.ts';
import type { RuntimeOptions } from './model-runner.ts';
import { checkPrediction, type PredictionCheck, testPictures } from './prediction-check.ts';
import { type Cut, createPruning } from './pruning.ts';
import { createTextEmbedder, type TextEmbedder } from './text-embedder.ts';

export interface PipelineOptions extends RuntimeOptions {
  /**
   * Whether the U-Net's arrays change while the pipeline is in use (training). A pipeline with live weights is slower
   * than one with fixed weights.
   */
  liveUnet?: boolean;
}

/** Number of small pictures that `checkPrediction` uses. */
const CHECKED_PICTURES = 4;

/** One prompt of the current batch. */
interface Sample {
  state: Float32Array;
  random: RandomGenerator;
}

/** Owns the compiled graphs, not the weights. Calls may overlap; overlapping calls run one after another. */
export class StableDiffusionPipeline {
  readonly configs: { unet: UnetConfig; vae: VaeConfig; textEncoder: ClipTextConfig; scheduler: SchedulerConfig };
  readonly schedule: NoiseSchedule;
  readonly #components: StableDiffusionComponents;
  readonly #text: TextEmbedder;
  readonly #denoiser: Denoiser;
  readonly #codec: ImageCodec;
  readonly #liveUnet: boolean;
  #modelHash: string | undefined;

  constructor(components: StableDiffusionComponents, { liveUnet = false, ...runtime }: PipelineOptions = {}) {
    checkComponents(components);
    const { unet, vae, textEncoder, scheduler, contrast } = components;
    if (contrast) checkContrast(contrast, unet);
    this.#components = components;
    this.#liveUnet = liveUnet;
    this.configs = { unet: unet.config, vae: vae.config, textEncoder: textEncoder.config, scheduler };
    this.schedule = createSchedule(scheduler);
    this.#text = createTextEmbedder(components, runtime);
    const denoiser = createDenoiser(unet, { ...runtime, live: liveUnet });
    this.#denoiser = contrast ? withContrast(denoiser, contrast, runtime) : denoiser;
    this.#codec = createImageCodec(vae, runtime);
  }

  /** Hash over configs and weights, 16 hex digits. The hash of a U-Net in training is that of its current weights. */
  get modelHash(): string {
    if (this.#modelHash !== undefined) return this.#modelHash;
    const hash = hashComponents(this.#components);
    if (!this.#liveUnet) this.#modelHash = hash;
    return hash;
  }

  /** Hash over the VAE's config and weights, 16 hex digits. Equal hashes mean equal results of `encodeImages`. */
  get vaeHash(): string {
    return hashVae(this.#components);
  }

  /**
   * Hash over tokenizer, text encoder's config and weights, 16 hex digits. Equal hashes mean equal results of
   * `embedPrompts`.
   */
  get textEncoderHash(): string {
    return hashTextEncoder(this.#components);
  }

  /**
   * Generates one image for each prompt. An image depends only on its own prompt, seed and options, not on the rest of
   * the batch. Throws for options that cannot be met, and an AbortError when `signal` fires.
   */
  async generate(options: GenerateOptions): Promise<RgbImage[]> {
    const { prompts, seeds, steps = 20, guidanceScale = 7.5, negativePrompt = '', signal, onProgress } = options;
    const native = nativeSize(this.#components);
    const { width = native, height = native } = options;
    const factor = vaeScale(this.configs.vae);
    checkGenerateOptions(options, { width, height, multiple: sideMultiple(this.#components) });
    if (prompts.length === 0) return [];

    const latent = { height: height / factor, width: width / factor };
    const batchSize = options.batchSize ?? Math.min(prompts.length, defaultBatchSize(latent));
    const stateSize = this.#text.length * this.#text.size;
    const states = await this.#text.embed(prompts, { signal });
    const negativeState = isGuided(guidanceScale) ? await this.#text.embed([negativePrompt], { signal }) : undefined;
    const indices = prompts.map((_, index) => index);
    const images: RgbImage[] = [];
    for (const { count, items } of paddedBatches(indices, batchSize)) {
      const batch = items.map((index) => {
        return { state: rowOf(states, index, stateSize), random: createRandom(seeds[index]!) };
      });
      const latents = await this.#sample(batch, {
        ...options,
        steps,
        guidanceScale,
        latent,
        negativeState,
        done: images.length,
      });
      const decoded = await this.#codec.decode(latents.subarray(0, count * (latents.length / batchSize)), {
        ...latent,
        batchSize: Math.min(batchSize, defaultBatchSize(latent)),
        signal,
      });
      images.push(...decoded);
      onProgress?.({ imagesDone: images.length, imagesTotal: prompts.length, step: steps, steps });
    }
    return images;
  }

  /**
   * Generates the best images of one prompt from one candidate for each seed. `cuts` prune candidates during denoising.
   * The last cut gives the number of images returned, in the order of their seeds. `score` scores predicted clean
   * pictures; higher is better. A sampling step of a remaining candidate costs as much as in `generate`.
   */
  async generateBest({
    prompt,
    cuts,
    score,
    ...options
  }: Omit<GenerateOptions, 'prompts' | 'onProgress'> & {
    prompt: string;
    cuts: readonly Cut[];
    score: (images: readonly RgbImage[]) => Promise<ArrayLike<number>>;
  }): Promise<{ images: RgbImage[]; seeds: number[] }> {
    const { seeds, steps = 20, guidanceScale = 7.5, negativePrompt = '', sampler = 'dpmpp_2m', eta, signal } = options;
    const native = nativeSize(this.#components);
    const pixels = { width: options.width ?? native, height: options.height ?? native };
    checkGenerateOptions(
      { ...options, prompts: seeds.map(() => prompt) },
      { ...pixels, multiple: sideMultiple(this.#components) },
    );
    const [channels, height, width] = this.latentShape(pixels);
    const size = channels * height * width;
    const batchSize = options.batchSize ?? defaultBatchSize({ height, width });
    const state = await this.#text.embed([prompt], { signal });
    const negativeState = isGuided(guidanceScale) ? await this.#text.embed([negativePrompt], { signal }) : undefined;
    const randoms = seeds.map((seed) => createRandom(seed));
    const fillNormal = (target: Float32Array) => {
      for (const [row, random] of randoms.entries()) random.fillNormal(rowOf(target, row, size));
      return target;
    };
    const predict = async (rows: readonly number[], sample: Float32Array, timestep: number) => {
      const output = new Float32Array(sample.length);
      for (let start = 0; start < rows.length; start += batchSize) {
        const count = Math.min(batchSize, rows.length - start);
        const denoise = await this.#denoiser.prepare({
          shape: [count, channels, height, width],
          states: stackRows(new Array<Float32Array>(count).fill(state)),
          negativeState,
          guidanceScale,
          textLength: this.#text.length,
          signal,
        });
        const part = sample.slice(start * size, (start + count) * size);
        output.set(await denoise(part, timestep), start * size);
      }
      return output;
    };
    const decode = (latents: Float32Array) =>
      this.decodeLatents(latents, { ...pixels, ...(signal === undefined ? {} : { signal }) });
    const pruning = createPruning({
      rows: seeds.length,
      steps,
      schedule: this.schedule,
      cuts,
      predict,
      score: async (clean) => score(await decode(clean)),
    });
    const latents = await samplers[sampler]({
      denoise: pruning.denoise,
      schedule: this.schedule,
      steps,
      noise: fillNormal(new Float32Array(seeds.length * size)),
      random: { fillNormal },
      eta,
    });
    const images = await decode(stackRows(pruning.alive.map((row) => rowOf(latents, row, size))));
    return { images, seeds: pruning.alive.map((row) => seeds[row]!) };
  }

  /** Samples one batch of scaled latents [B, C, h, w]. */
  async #sample(
    batch: readonly Sample[],
    {
      prompts,
      steps,
      guidanceScale,
      sampler = 'dpmpp_2m',
      eta,
      latent,
      negativeState,
      done,
      signal,
      onProgress,
    }: GenerateOptions & {
      steps: number;
      guidanceScale: number;
      latent: { height: number; width: number };
      negativeState: Float32Array | undefined;
      done: number;
    },
  ): Promise<Float32Array> {
    const { latent_channels: channels } = this.configs.vae;
    const size = channels * latent.height * latent.width;
    const denoise = await this.#denoiser.prepare({
      shape: [batch.length, channels, latent.height, latent.width],
      states: stackRows(batch.map(({ state }) => state)),
      negativeState,
      guidanceScale,
      textLength: this.#text.length,
      signal,
    });
    // Each image draws noise from its own seed's stream, so that the batch does not matter.
    const fillNormal = (target: Float32Array) => {
      batch.forEach(({ random }, row) => {
        random.fillNormal(rowOf(target, row, size));
      });
      return target;
    };
    return samplers[sampler]({
      denoise,
      schedule: this.schedule,
      steps,
      noise: fillNormal(new Float32Array(batch.length * size)),
      random: { fillNormal },
      eta,
      onStep: ({ step }) => onProgress?.({ imagesDone: done, imagesTotal: prompts.length, step, steps }),
    });
  }

  /**
   * Checks on synthetic pictures whether the U-Net's output fits the schedule's prediction type, with two network
   * calls. The result is meaningless for an untrained network.
   */
  async checkPrediction({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<PredictionCheck> {
    const side = nativeSize(this.#components);
    const [channels, height, width] = this.latentShape();
    const count = Math.min(CHECKED_PICTURES, defaultBatchSize({ height, width }));
    const latents = await this.#codec.encode(testPictures(count, { width: side, height: side }), {
      batchSize: count,
      signal,
    });
    const state = await this.#text.embed([''], { signal });
    const predict = await this.#denoiser.prepare({
      shape: [count, channels, height, width],
      states: stackRows(new Array<Float32Array>(count).fill(state)),
      negativeState: undefined,
      guidanceScale: 1,
      textLength: this.#text.length,
      signal,
    });
    return checkPrediction({ predict, latents, count, schedule: this.schedule, random: createRandom(0) });
  }

  /** Computes text states [N, T, D] for the U-Net's cross-attention; `textShape` is [T, D]. */
  embedPrompts(prompts: readonly string[], options: { signal?: AbortSignal } = {}): Promise<Float32Array> {
    return this.#text.embed(prompts, options);
  }

  /**
   * Number of tokens of a prompt, including begin and end. The text encoder reads the first `maxTokens` tokens and
   * ignores the rest.
   */
  countTokens(prompt: string): number {
    return this.#components.tokenizer.countTokens(prompt);
  }

  get maxTokens(): number {
    return this.#text.length;
  }

  get textShape(): readonly [number, number] {
    return [this.#text.length, this.#text.size];
  }

  /** Shape [C, h, w] of a picture's latents; the model's own size by default. */
  latentShape({ width, height }: { width?: number; height?: number } = {}): readonly [number, number, number] {
    const native = nativeSize(this.#components);
    const factor = vaeScale(this.configs.vae);
    return [this.configs.vae.latent_channels, (height ?? native) / factor, (width ?? native) / factor];
  }

  /**
   * Encodes pictures of one size to scaled latents [N, C, h, w]. The result is the encoder's mean, or a Gaussian sample
   * if standard normal `noise` [N, C, h, w] is given.
   */
  encodeImages(
    images: readonly RgbImage[],
    { noise, batchSize, signal }: { noise?: Float32Array; batchSize?: number; signal?: AbortSignal } = {},
  ): Promise<Float32Array> {
    return this.#codec.encode(images, { noise, signal, batchSize: batchSize ?? this.#codecBatch(images) });
  }

  /** Decodes scaled latents [N, C, height / f, width / f] to pictures. */
  decodeLatents(
    latents: Float32Array,
    {
      width,
      height,
      batchSize,
      signal,
    }: { width?: number; height?: number; batchSize?: number; signal?: AbortSignal } = {},
  ): Promise<RgbImage[]> {
    const [channels, h, w] = this.latentShape({ ...(width && { width }), ...(height && { height }) });
    const count = latents.length / (channels * h * w);
    const size = { height: h, width: w };
    return this.#codec.decode(latents, {
      ...size,
      signal,
      batchSize: batchSize ?? Math.min(count, defaultBatchSize(size)),
    });
  }

  #codecBatch(images: readonly RgbImage[]): number {
    const first = images[0];
    if (first === undefined) return 1;
    const factor = vaeScale(this.configs.vae);
    return Math.min(images.length, defaultBatchSize({ height: first.height / factor, width: first.width / factor }));
  }

  /** Releases the graphs; any call afterwards throws. */
  async dispose(): Promise<void> {
    await Promise.all([this.#text.dispose(), this.#denoiser.dispose(), this.#codec.dispose()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
