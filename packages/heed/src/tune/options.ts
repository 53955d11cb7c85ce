/**
 * The options of tuning, and the function that derives the options from a project's settings. The names and defaults of
 * the settings are in `config/schema.ts`.
 */
import type { LoraOptions } from '@heed/diffusion';
import type { LearningRateSchedule } from '@heed/diffusion/autodiff';
import { type HeedConfig, type MethodName, SECTION_OF_METHOD } from '../config/index.ts';
import { badInput } from '../errors.ts';

/** The sources of training data that are in use, as in the rows of table 3 of the paper (Lee et al. 2023). */
export interface TuneStreams {
  /** Images of the model that people labelled. */
  labelled: boolean;
  /** Unlabelled images of the model, which the learned reward scores. */
  unlabelled: boolean;
  /** Pre-training data, for the second term of equation 2 of the paper. */
  pretraining: boolean;
}

/** `tune.watch`. */
export interface WatchOptions {
  everySteps: number;
  prompts: number;
  images: number;
  stops: boolean;
  keepsBest: boolean;
}

/** All options that affect the resulting weights, and the intervals at which the run logs and saves checkpoints. */
export interface TuneOptions<Settings = unknown> {
  method: MethodName;
  /** The method's section of heed.toml; empty when it has none. */
  settings: Settings;
  seed: number;
  streams: TuneStreams;
  /** Weight of the pre-training loss. */
  beta: number;
  /** Total number of optimizer updates. */
  steps: number;
  /** Number of model-generated samples in a batch. The same number of pre-training samples is added. */
  batchSize: number;
  /** Number of equal parts of a batch that run in parallel; divides `batchSize`. */
  replicas: number;
  /** Batches per update. */
  accumulation: number;
  /**
   * Data type to which gradients are rounded before the ranks exchange them. If undefined, gradients stay float32, and
   * the result is bit-identical to that of one process.
   */
  exchange?: 'bfloat16' | undefined;
  learningRate: number;
  schedule: LearningRateSchedule['schedule'];
  warmupSteps: number;
  weightDecay: number;
  maxGradientNorm: number;
  /** Decay of the moving average of the weights; 0 disables it. */
  ema: number;
  /** Fraction of pre-training captions that are replaced by the empty text, which classifier-free guidance requires. */
  captionDropout: number;
  /**
   * The power p: model-generated samples are drawn in proportion to r(x, z)^p. If undefined, samples are drawn
   * uniformly, and each sample's loss is weighted by r.
   */
  modelRewardPower?: number | undefined;
  /** The power p: pre-training pairs are drawn in proportion to r(x, z)^p. If undefined, pairs are drawn uniformly. */
  pretrainingRewardPower?: number | undefined;
  /** Lowest timestep at which noise is added to model-generated samples; 0 if undefined. */
  modelTimestepsFrom?: number | undefined;
  /** Gamma of the min-SNR timestep weights. If undefined, all timesteps have equal weight. */
  snrGamma?: number | undefined;
  recompute: boolean;
  /**
   * Largest number of bytes of attention weights that the backward pass keeps in memory at once; the autodiff engine's
   * default if undefined.
   */
  attentionBytes?: number | undefined;
  /** LoRA settings: low-rank factors are trained instead of all weights. */
  lora?: LoraOptions | undefined;
  /**
   * Settings for measurements on reserved prompts during training; undefined when the run makes no such measurements.
   */
  watch?: WatchOptions | undefined;
  checkpointEverySteps: number;
  keepCheckpoints: number;
  sampleEverySteps: number;
  logEverySteps: number;
}

/** Derives the options from a project's settings. Throws when settings contradict each other. */
export function tuneOptionsOf({ seed, tune }: HeedConfig): TuneOptions {
  if (tune.batchSize % tune.replicas !== 0) {
    throw badInput(`tune.replicas: expected a divisor of tune.batchSize (${tune.batchSize}), got ${tune.replicas}`);
  }
  const section = SECTION_OF_METHOD[tune.method];
  const settings = section === undefined ? {} : tune[section];
  const beta = section === undefined ? tune.beta : tune[section].pretrainingWeight;
  return {
    method: tune.method,
    settings,
    seed,
    streams: { labelled: tune.humanData, unlabelled: tune.unlabelledData, pretraining: beta > 0 },
    beta,
    steps: tune.steps,
    batchSize: tune.batchSize,
    replicas: tune.replicas,
    accumulation: tune.accumulation,
    // The key is absent for float32, so that the fingerprint of older runs stays valid.
    ...(tune.exchange === 'float32' ? {} : { exchange: tune.exchange }),
    learningRate: tune.learningRate,
    schedule: tune.schedule,
    warmupSteps: tune.warmupSteps,
    weightDecay: tune.weightDecay,
    maxGradientNorm: tune.maxGradientNorm,
    ema: tune.ema,
    captionDropout: tune.captionDropout,
    // These keys are absent when off, so that the fingerprint of older runs stays valid.
    ...(tune.modelRewardPower === 0 ? {} : { modelRewardPower: tune.modelRewardPower }),
    ...(tune.pretrainingRewardPower === 0 ? {} : { pretrainingRewardPower: tune.pretrainingRewardPower }),
    ...(tune.modelTimestepsFrom === 0 ? {} : { modelTimestepsFrom: tune.modelTimestepsFrom }),
    ...(tune.snrGamma === 0 ? {} : { snrGamma: tune.snrGamma }),
    recompute: tune.recompute,
    // The key is absent for the device's default, like `lora` below.
    ...(tune.attentionMegabytes === 0 ? {} : { attentionBytes: tune.attentionMegabytes * 2 ** 20 }),
    // The key is absent for full fine-tuning, so that the fingerprint of older runs stays valid.
    ...(tune.loraRank === 0
      ? {}
      : {
          lora: {
            rank: tune.loraRank,
            alpha: tune.loraAlpha === 0 ? tune.loraRank : tune.loraAlpha,
            layers: tune.loraLayers,
          },
        }),
    // The key is absent without measurements, like those above.
    ...(tune.watch.everySteps === 0 || tune.watch.everySteps > tune.steps ? {} : { watch: tune.watch }),
    checkpointEverySteps: tune.checkpointEverySteps,
    keepCheckpoints: tune.keepCheckpoints,
    sampleEverySteps: tune.sampleEverySteps,
    logEverySteps: tune.logEverySteps,
  };
}
