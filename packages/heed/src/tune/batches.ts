/**
 * Batches for tuning: M images of the model, chosen by the method, then R pre-training pairs, all noised. Every batch
 * depends on the seed and its number alone, so that a resume is exact.
 */
import { prepareDenoisingBatch } from '@heed/diffusion';
import { createRandom, type InputSpec, type RandomGenerator, type Shape } from '@heed/diffusion/autodiff';
import type { BatchInputs, BatchSizes } from './method.ts';
import { createRewardStream, positionIn, type StreamPosition } from './reward-stream.ts';

/** An image of the base model. The image's latents are looked up by `image`. */
export interface TuneSample {
  image: string;
  prompt: string;
  /** The reward r(x, z) in [0, 1], for methods that read the reward. */
  reward?: number | undefined;
  /** Mean of the image's judgements in [0, 1], for methods that read labels; 1 means that all raters said good. */
  label?: number | undefined;
  /** Ids of images of the same prompt that raters found worse, for methods that read preferences. */
  beats?: readonly string[] | undefined;
  /** False for an unjudged image. */
  labelled: boolean;
}

/** A pre-training pair of picture and caption. The picture's latents are looked up by `key`. */
export interface PretrainingSample {
  key: string;
  caption: string;
  /** The reward r(x, z) in [0, 1], if pairs are drawn by reward. */
  reward?: number;
}

/** Sources of a batch's arrays. */
export interface TuneSources {
  /** Shape of one image's latents: [C, h, w]. */
  latentShape: Shape;
  /** Shape of one prompt's text states: [T, D]. */
  textShape: Shape;
  /** Scaled latents by image id or pre-training key, [C * h * w]. */
  latents: (key: string) => Promise<Float32Array>;
  /** Text states, [N, T, D]. */
  embedPrompts: (prompts: readonly string[]) => Promise<Float32Array>;
}

/** The feeds that every batch has; a method adds its own. */
export interface DenoisingFeeds {
  noisyLatents: Float32Array; // [M + R, C, h, w]
  timestep: Float32Array; // [M + R]
  target: Float32Array; // [M + R, C, h, w]
  encoderHiddenStates: Float32Array; // [M + R, T, D]
  /** Weights of the drawn timesteps; all ones without weighting. */
  timestepWeights: Float32Array; // [M + R]
}

export type TuneFeeds = DenoisingFeeds & Record<string, Float32Array>;

/** The shape of each feed. */
export type BatchSpecs = Record<keyof DenoisingFeeds, InputSpec> & Record<string, InputSpec>;

/** Batches by number. */
export interface TuneBatches {
  readonly specs: BatchSpecs;
  /** The feeds of the 0-based batch. */
  at(batch: number): Promise<TuneFeeds>;
  /**
   * Positions of the data streams before that batch, recorded in checkpoints for people to read. `at` needs only the
   * batch number.
   */
  position(batch: number): { model: StreamPosition; pretraining?: StreamPosition };
}

/** The M images of a batch, and the method's own feeds. */
export interface PickedSamples {
  readonly samples: readonly TuneSample[];
  readonly feeds: Record<string, Float32Array>;
  /**
   * Draw numbers [M]. Images with the same number share their timestep and noise. If absent, each image has its own
   * timestep and noise.
   */
  readonly draws?: readonly number[] | undefined;
}

/** The model's images in a batch, as a method picks them. */
export interface ModelPart {
  /** The layout of the whole batch, the method's own feeds included. */
  specs(sizes: BatchSizes): BatchSpecs;
  at(batch: number): PickedSamples;
  position(batch: number): StreamPosition;
}

/** The feeds that every batch has, for M + R samples. */
export function denoisingSpecs({ modelCount, pretrainingCount, latentShape, textShape }: BatchSizes) {
  const total = modelCount + pretrainingCount;
  return {
    noisyLatents: { shape: [total, ...latentShape] },
    timestep: { shape: [total] },
    target: { shape: [total, ...latentShape] },
    encoderHiddenStates: { shape: [total, ...textShape] },
    timestepWeights: { shape: [total] },
  } satisfies Record<keyof DenoisingFeeds, InputSpec>;
}

/** Number of samples of each kind in one replica's batch under these options. */
export function batchCounts({
  batchSize,
  replicas,
  streams,
}: Pick<BatchInputs['options'], 'batchSize' | 'replicas' | 'streams'>) {
  const modelCount = batchSize / replicas;
  return { modelCount, pretrainingCount: streams.pretraining ? modelCount : 0 };
}

/**
 * Makes batches of the images that `part` picks. If D_pre (pre-training data) is used, each batch has as many
 * pre-training pairs.
 */
export function createTuneBatches(inputs: BatchInputs, part: ModelPart): TuneBatches {
  const { pretraining, options, schedule, sources } = inputs;
  const { pretrainingRewardPower: power, modelTimestepsFrom = 0, captionDropout, snrGamma, seed } = options;
  const { latentShape, textShape } = sources;
  const random = createRandom(seed).fork('tuning batches');
  const pretrainingStream =
    pretraining && createRewardStream({ name: 'pretraining', samples: pretraining, power, seed });
  const { modelCount } = batchCounts(options);
  const pretrainingCount = pretraining ? modelCount : 0;
  const sizes = { modelCount, pretrainingCount, latentShape, textShape };

  return {
    specs: part.specs(sizes),
    async at(batch) {
      const own = random.fork(`batch ${batch}`);
      const { samples, feeds, draws } = part.at(batch);
      const pairs = (pretrainingStream?.at(batch * pretrainingCount, pretrainingCount) ?? []).map(
        (i) => pretraining![i]!,
      );
      const keys = [...samples.map(({ image }) => image), ...pairs.map(({ key }) => key)];
      const prompts = [
        ...samples.map(({ prompt }) => prompt),
        ...pairs.map(({ caption }) => keepOrDrop(caption, captionDropout, own)),
      ];
      const { noisyLatents, timestep, target, weights } = prepareDenoisingBatch({
        latents: { data: await stack(keys, sources), shape: [keys.length, ...latentShape] },
        random: own,
        schedule,
        gamma: snrGamma,
        timestepsFrom: keys.map((_, i) => (i < samples.length ? modelTimestepsFrom : 0)),
        draws: draws && [...draws, ...pairs.map((_, i) => Math.max(...draws) + 1 + i)],
      });
      const encoderHiddenStates = await sources.embedPrompts(prompts);
      return { noisyLatents, timestep, target, encoderHiddenStates, timestepWeights: weights, ...feeds };
    },
    position: (batch) => ({
      model: part.position(batch),
      ...(pretraining ? { pretraining: positionIn(pretraining.length, batch * pretrainingCount) } : {}),
    }),
  };
}

function keepOrDrop(caption: string, share: number, random: RandomGenerator): string {
  return random.uniform() < share ? '' : caption;
}

async function stack(keys: readonly string[], { latents, latentShape }: TuneSources): Promise<Float32Array> {
  const length = latentShape.reduce((product, size) => product * size, 1);
  const stacked = new Float32Array(keys.length * length);
  await Promise.all(keys.map(async (key, i) => stacked.set(await latents(key), i * length)));
  return stacked;
}
