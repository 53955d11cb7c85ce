/**
 * What can be chosen about tuning, and how a project's settings become it. Names and defaults are `config/schema.ts`'s.
 */
import type { LoraOptions } from '@heed/diffusion';
import { DEFAULT_ATTENTION_BYTES, type LearningRateSchedule } from '@heed/diffusion/autodiff';
import { type HeedConfig, type MethodName, SECTION_OF_METHOD } from '../config/index.ts';
import { badInput } from '../errors.ts';

/** Which data take part: the rows of the paper's table 3. */
export interface TuneStreams {
  /** Human-labelled images of the base model. */
  labelled: boolean;
  /** Unlabelled images of the base model, weighted by the learned reward. */
  unlabelled: boolean;
  /** Pre-training data: the second term of equation 2. */
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

/** Everything that decides the weights that come out, and how often it is written down. */
export interface TuneOptions<Settings = unknown> {
  method: MethodName;
  /** The method's section of heed.toml; empty where it has none. */
  settings: Settings;
  seed: number;
  streams: TuneStreams;
  /** Weight of the pre-training loss. */
  beta: number;
  /** Optimizer updates in all. */
  steps: number;
  /** Model-generated samples a batch; as many pre-training samples join them. */
  batchSize: number;
  /** Equal parts of a batch that are worked on at the same time; divides `batchSize`. */
  replicas: number;
  /** Batches an update. */
  accumulation: number;
  /**
   * How gradients travel between ranks, where that rounds them; absent for float32, which gives the bits of one
   * process.
   */
  exchange?: 'bfloat16' | undefined;
  learningRate: number;
  schedule: LearningRateSchedule['schedule'];
  warmupSteps: number;
  weightDecay: number;
  maxGradientNorm: number;
  /** Decay of the moving average of the weights; 0 keeps none. */
  ema: number;
  /** Share of pre-training captions that are left empty, so that guidance keeps its unconditional side. */
  captionDropout: number;
  /** p of r(x, z)^p, in proportion to which model samples are drawn; absent where each is weighted by r instead. */
  modelRewardPower?: number | undefined;
  /** p of r(x, z)^p, in proportion to which pre-training pairs are drawn; absent where all are drawn alike. */
  pretrainingRewardPower?: number | undefined;
  /** Lowest timestep that model samples are noised to; absent where it is 0. */
  modelTimestepsFrom?: number | undefined;
  /** Gamma of min-SNR weights of timesteps; absent where all weigh the same. */
  snrGamma?: number | undefined;
  recompute: boolean;
  /** Bytes of attention weights that the backward pass holds at once; the engine's default where absent. */
  attentionBytes?: number | undefined;
  /** Low-rank factors to train in place of all weights. */
  lora?: LoraOptions | undefined;
  /** Measurements on prompts kept for choosing; absent where there are none. */
  watch?: WatchOptions | undefined;
  checkpointEverySteps: number;
  keepCheckpoints: number;
  sampleEverySteps: number;
  logEverySteps: number;
}

/** The options that a project's settings ask for; throws a sentence where they contradict each other. */
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
    // Absent for float32: the fingerprint of such a run has no such key.
    ...(tune.exchange === 'float32' ? {} : { exchange: tune.exchange }),
    learningRate: tune.learningRate,
    schedule: tune.schedule,
    warmupSteps: tune.warmupSteps,
    weightDecay: tune.weightDecay,
    maxGradientNorm: tune.maxGradientNorm,
    ema: tune.ema,
    captionDropout: tune.captionDropout,
    // Absent where it is off, like those around it: the fingerprint of such a run has no such key.
    ...(tune.modelRewardPower === 0 ? {} : { modelRewardPower: tune.modelRewardPower }),
    ...(tune.pretrainingRewardPower === 0 ? {} : { pretrainingRewardPower: tune.pretrainingRewardPower }),
    ...(tune.modelTimestepsFrom === 0 ? {} : { modelTimestepsFrom: tune.modelTimestepsFrom }),
    ...(tune.snrGamma === 0 ? {} : { snrGamma: tune.snrGamma }),
    recompute: tune.recompute,
    // Absent where it is the engine's own, like `lora` below.
    ...(tune.attentionMegabytes * 2 ** 20 === DEFAULT_ATTENTION_BYTES
      ? {}
      : { attentionBytes: tune.attentionMegabytes * 2 ** 20 }),
    // Absent, not undefined, for all weights: the fingerprint of such a run has no such key.
    ...(tune.loraRank === 0
      ? {}
      : {
          lora: {
            rank: tune.loraRank,
            alpha: tune.loraAlpha === 0 ? tune.loraRank : tune.loraAlpha,
            layers: tune.loraLayers,
          },
        }),
    // Absent where nothing is measured, like those above.
    ...(tune.watch.everySteps === 0 || tune.watch.everySteps > tune.steps ? {} : { watch: tune.watch }),
    checkpointEverySteps: tune.checkpointEverySteps,
    keepCheckpoints: tune.keepCheckpoints,
    sampleEverySteps: tune.sampleEverySteps,
    logEverySteps: tune.logEverySteps,
  };
}
