/**
 * The port of tuning methods. A method says which images it learns from, how a batch of them is laid out, and what the
 * loss of a batch is. `train.ts`, `run.ts` and `doctor/tune-forecast.ts` know this interface alone; the methods are
 * `methods/*.ts`, and `methods/index.ts` names them.
 */
import type { NoiseSchedule } from '@heed/diffusion';
import type { Shape, Tensor } from '@heed/diffusion/autodiff';
import type { MethodName } from '../config/index.ts';
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import type { BatchSpecs, DenoisingFeeds, PretrainingSample, TuneBatches, TuneSample, TuneSources } from './batches.ts';
import type { TuneOptions } from './options.ts';

/** What a run needs besides its images, so that nothing else is opened, loaded or forecast. */
export interface MethodNeeds {
  /** A learned reward. */
  readonly reward: boolean;
  /** The frozen model as it was before tuning: one more pass of the network for each model sample. */
  readonly reference: boolean;
}

/** What a method chooses its samples from. */
export interface SampleContext<Settings = unknown> {
  readonly project: Project;
  readonly store: ImageStore;
  /** Hashes of the models whose images take part: the one that is tuned, or those of all rounds. */
  readonly modelHashes: ReadonlySet<string>;
  /** Prompts kept for choosing: their images are not learned from. */
  readonly keptPrompts: ReadonlySet<string>;
  readonly options: TuneOptions<Settings>;
  /** The learned reward of each image for its prompt, in [0, 1]. */
  score(images: readonly ImageRecord[]): Promise<ArrayLike<number>>;
}

/** What the batches of a run are made of. */
export interface BatchInputs<Settings = unknown> {
  readonly samples: readonly TuneSample[];
  /** D_pre; absent where it takes no part. */
  readonly pretraining?: readonly PretrainingSample[] | undefined;
  readonly options: TuneOptions<Settings>;
  readonly schedule: NoiseSchedule;
  readonly sources: TuneSources;
}

/** Inputs of the network: noisy latents [N, C, h, w], timesteps [N], text states [N, T, D]. */
export interface NetworkInputs {
  readonly noisyLatents: Tensor;
  readonly timestep: Tensor;
  readonly encoderHiddenStates: Tensor;
}

/** The networks of a loss: what each predicts, [N, C, h, w]. */
export interface Networks {
  /** The network that is trained. */
  predict(inputs: NetworkInputs): Tensor;
  /**
   * Predicts with the model as it was before tuning; no gradient flows through it. Throws where the method's `needs`
   * names no reference.
   */
  reference(inputs: NetworkInputs): Tensor;
}

/** The feeds of a batch as the graph's inputs. */
export type Batch = Readonly<Record<keyof DenoisingFeeds, Tensor>> & Readonly<Record<string, Tensor>>;

/** Scalars: the loss to minimise, and what else `metrics.jsonl` is to hold. */
export type Losses = { loss: Tensor } & Record<string, Tensor>;

/** Sizes of one batch, without any data. */
export interface BatchSizes {
  readonly modelCount: number;
  readonly pretrainingCount: number;
  /** [C, h, w] */
  readonly latentShape: Shape;
  /** [T, D] */
  readonly textShape: Shape;
}

/** A method, whose section of heed.toml has `Settings`. */
export interface TuningMethod<Settings = unknown> {
  readonly name: MethodName;
  /** For people: 'reward-weighted likelihood'. */
  readonly title: string;
  /** Throws a sentence where the options cannot be used together with this method. */
  check?(options: TuneOptions<Settings>): void;
  needs(options: TuneOptions<Settings>): MethodNeeds;
  /**
   * Chooses the images that a run learns from; throws a sentence where there are none. Called once a run; what it
   * returns is frozen beside the run.
   */
  samples(context: SampleContext<Settings>): Promise<TuneSample[]>;
  /** The layout of a batch: the feeds that `batches` fills and `loss` reads. */
  specs(sizes: BatchSizes): BatchSpecs;
  /** Batches by number; each is a function of seed and number alone. */
  batches(inputs: BatchInputs<Settings>): TuneBatches;
  loss(networks: Networks, batch: Batch, options: TuneOptions<Settings>): Losses;
}
