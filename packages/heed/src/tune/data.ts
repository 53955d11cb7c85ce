/**
 * The data of tuning as batches: D_model (labelled and unlabelled images of the base model, each with its reward) and
 * D_pre (pre-training images). Every batch is a function of the seed and its number, which is what makes a resume exact.
 */
import { type NoiseSchedule, prepareDenoisingBatch } from '@heed/diffusion';
import { createRandom, type RandomGenerator, type Shape } from '@heed/diffusion/autodiff';
import { createShuffledStream, type ShuffledStream } from './stream.ts';

/** An image of the base model: its latents are looked up by `image`. */
export interface ModelSample {
  image: string;
  prompt: string;
  /** r(x, z) in [0, 1]. */
  reward: number;
  /** False where nobody judged it. */
  labelled: boolean;
}

/** A pre-training pair: its latents are looked up by `key`. */
export interface PretrainingSample {
  key: string;
  caption: string;
  /** r(x, z) in [0, 1], where pairs are drawn by it. */
  reward?: number;
}

/** Where the arrays of a batch come from. */
export interface TuneSources {
  /** Shape of one image's latents: [C, h, w]. */
  latentShape: Shape;
  /** Scaled latents by image id or pre-training key, [C * h * w]. */
  latents: (key: string) => Promise<Float32Array>;
  /** Text states, [N, T, D]. */
  embedPrompts: (prompts: readonly string[]) => Promise<Float32Array>;
}

/** The feeds of one step. */
export interface TuneFeeds extends Record<string, Float32Array> {
  noisyLatents: Float32Array; // [M + R, C, h, w]
  timestep: Float32Array; // [M + R]
  target: Float32Array; // [M + R, C, h, w]
  encoderHiddenStates: Float32Array; // [M + R, T, D]
  rewards: Float32Array; // [M]
  /** Weights of the timesteps drawn; ones where all count alike. */
  timestepWeights: Float32Array; // [M + R]
}

/** Batches by number. */
export interface TuneBatches {
  readonly modelCount: number;
  readonly pretrainingCount: number;
  /** The feeds of the 0-based batch. */
  at(batch: number): Promise<TuneFeeds>;
  /** Where the streams stand before that batch: for people who read a checkpoint; `at` needs only the number. */
  position(batch: number): { model: StreamPosition; pretraining?: StreamPosition };
}

interface StreamPosition {
  pass: number;
  taken: number;
}

/** Batches of `batchSize` model samples and, where D_pre is given, as many pre-training samples. */
export function createTuneBatches(options: {
  model: readonly ModelSample[];
  pretraining?: readonly PretrainingSample[];
  batchSize: number;
  /** p of r(x, z)^p, in proportion to which model samples are drawn; where absent all alike, each weighted by r. */
  modelRewardPower?: number | undefined;
  /** The same for pre-training samples, which have no weights where it is absent. */
  pretrainingRewardPower?: number | undefined;
  /** Model samples are noised to this timestep at least. */
  modelTimestepsFrom?: number | undefined;
  captionDropout: number;
  /** Gamma of the timesteps' min-SNR weights (Hang et al. 2023); all weigh 1 where absent, as in the paper. */
  snrGamma?: number | undefined;
  schedule: NoiseSchedule;
  seed: number;
  sources: TuneSources;
}): TuneBatches {
  const { model, pretraining, batchSize, captionDropout, snrGamma, schedule, seed, sources } = options;
  const { modelRewardPower, pretrainingRewardPower, modelTimestepsFrom = 0 } = options;
  const random = createRandom(seed).fork('tuning batches');
  const modelStream = createRewardStream({ name: 'model', samples: model, power: modelRewardPower, seed });
  const pretrainingStream =
    pretraining &&
    createRewardStream({ name: 'pretraining', samples: pretraining, power: pretrainingRewardPower, seed });
  const pretrainingCount = pretraining ? batchSize : 0;

  return {
    modelCount: batchSize,
    pretrainingCount,
    async at(batch) {
      const own = random.fork(`batch ${batch}`);
      const modelSamples = modelStream.at(batch * batchSize, batchSize).map((i) => model[i]!);
      const pretrainingSamples = (pretrainingStream?.at(batch * batchSize, batchSize) ?? []).map(
        (i) => pretraining![i]!,
      );
      const keys = [...modelSamples.map(({ image }) => image), ...pretrainingSamples.map(({ key }) => key)];
      const prompts = [
        ...modelSamples.map(({ prompt }) => prompt),
        ...pretrainingSamples.map(({ caption }) => keepOrDrop(caption, captionDropout, own)),
      ];
      const { noisyLatents, timestep, target, weights } = prepareDenoisingBatch({
        latents: { data: await stack(keys, sources), shape: [keys.length, ...sources.latentShape] },
        random: own,
        schedule,
        gamma: snrGamma,
        timestepsFrom: keys.map((_, i) => (i < batchSize ? modelTimestepsFrom : 0)),
      });
      return {
        noisyLatents,
        timestep,
        target,
        encoderHiddenStates: await sources.embedPrompts(prompts),
        rewards: Float32Array.from(modelSamples, ({ reward }) => (modelRewardPower === undefined ? reward : 1)),
        timestepWeights: weights,
      };
    },
    position: (batch) => ({
      model: positionIn(model.length, batch * batchSize),
      ...(pretraining ? { pretraining: positionIn(pretraining.length, batch * batchSize) } : {}),
    }),
  };
}

/**
 * Samples in proportion to r^power, or all alike where there is none. Drawing by weight and weighting what is drawn have
 * the same mean up to a factor, but no step is spent on what weighs nothing. A power sharpens: r^p is how likely it is
 * that p raters, each for themselves, all call the image good.
 */
function createRewardStream(options: {
  name: string;
  samples: readonly { reward?: number }[];
  power: number | undefined;
  seed: number;
}): ShuffledStream {
  const { name, samples, power, seed } = options;
  const weights =
    power === undefined
      ? undefined
      : samples.map(({ reward }) => {
          if (reward === undefined) throw new Error(`stream ${name}: expected a reward for each sample, got none`);
          return reward ** power;
        });
  return createShuffledStream({ name, size: samples.length, seed, weights });
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

function positionIn(size: number, place: number): StreamPosition {
  return { pass: Math.floor(place / size), taken: place % size };
}
