/**
 * The interface of tuning methods. A method chooses the images to learn from, the layout of a batch, and the loss.
 * `train.ts`, `run.ts` and `doctor/tune-forecast.ts` depend only on this interface, not on a particular method. The
 * methods are in `methods/*.ts`, listed by `methods/index.ts`.
 */
import type { NoiseSchedule } from '@heed/diffusion';
import type { Shape, Tensor } from '@heed/diffusion/autodiff';
import type { MethodName } from '../config/index.ts';
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import type { BatchSpecs, DenoisingFeeds, PretrainingSample, TuneBatches, TuneSample, TuneSources } from './batches.ts';
import type { TuneOptions } from './options.ts';

/**
 * What a method needs in addition to the images that the run learns from. Inputs that the method does not need are
 * neither loaded nor included in the forecast of time and memory.
 */
export interface MethodNeeds {
  /** Whether the method reads a learned reward. */
  readonly reward: boolean;
  /**
   * Whether the method needs a reference: the frozen model from before tuning. The reference costs one more forward
   * pass for each model-generated sample.
   */
  readonly reference: boolean;
}

/** The data from which a method chooses its samples. */
export interface SampleContext<Settings = unknown> {
  readonly project: Project;
  readonly store: ImageStore;
  /** Hashes of the models whose images are used: the tuned model, or the models of all rounds. */
  readonly modelHashes: ReadonlySet<string>;
  /**
   * Prompts reserved for measurements during training, which choose the weights to keep. The run does not learn from
   * images of these prompts.
   */
  readonly keptPrompts: ReadonlySet<string>;
  readonly options: TuneOptions<Settings>;
  /** Computes the learned reward of each image for its prompt, in [0, 1]. */
  score(images: readonly ImageRecord[]): Promise<ArrayLike<number>>;
}

/** The data from which a method makes the batches of a run. */
export interface BatchInputs<Settings = unknown> {
  readonly samples: readonly TuneSample[];
  /** D_pre (pre-training data); undefined when it is not used. */
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

/** The networks that a loss can use. Each network returns a prediction [N, C, h, w]. */
export interface Networks {
  /** Predicts with the network that is being trained. */
  predict(inputs: NetworkInputs): Tensor;
  /**
   * Predicts with the model from before tuning; no gradient flows through it. Throws unless the method's `needs` has
   * `reference: true`.
   */
  reference(inputs: NetworkInputs): Tensor;
}

/** The feeds of a batch as input tensors of the compute graph. */
export type Batch = Readonly<Record<keyof DenoisingFeeds, Tensor>> & Readonly<Record<string, Tensor>>;

/** Scalar tensors: the loss to minimise, and further values that are logged to `metrics.jsonl`. */
export type Losses = { loss: Tensor } & Record<string, Tensor>;

/** The numbers of samples and the shapes of one batch. */
export interface BatchSizes {
  readonly modelCount: number;
  readonly pretrainingCount: number;
  /** [C, h, w] */
  readonly latentShape: Shape;
  /** [T, D] */
  readonly textShape: Shape;
}

/** A tuning method. `Settings` is the type of the method's section in heed.toml. */
export interface TuningMethod<Settings = unknown> {
  readonly name: MethodName;
  /** Readable name, for example 'reward-weighted likelihood'. */
  readonly title: string;
  /** Throws when the options do not work with this method. */
  check?(options: TuneOptions<Settings>): void;
  needs(options: TuneOptions<Settings>): MethodNeeds;
  /**
   * Chooses the images that a run learns from; throws when there are none. The function is called once for each run,
   * and the result is stored in the run's folder.
   */
  samples(context: SampleContext<Settings>): Promise<TuneSample[]>;
  /** The shapes of a batch's feeds, which `batches` fills and `loss` reads. */
  specs(sizes: BatchSizes): BatchSpecs;
  /** Makes the batches. Each batch depends only on the seed and the batch number. */
  batches(inputs: BatchInputs<Settings>): TuneBatches;
  loss(networks: Networks, batch: Batch, options: TuneOptions<Settings>): Losses;
}
