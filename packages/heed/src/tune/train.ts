/**
 * The training loop of tuning: updates the U-Net or its LoRA, saves checkpoints, and calls back for sample grids and
 * measurements. The method (`method.ts`) defines the loss and the data. The loop does not access the project, and reads
 * and writes no files except checkpoints.
 */
import { type LoraModules, loraModules, type UnetConfig } from '@heed/diffusion';
import {
  type Communicator,
  createTrainingStep,
  type Device,
  type OptimizerState,
  type ParameterValues,
  type PrecisionOption,
  single,
  type TrainingStep,
} from '@heed/diffusion/autodiff';
import { HeedError, isAbort, tellError } from '../errors.ts';
import type { TuneBatches } from './batches.ts';
import type { TuningMethod } from './method.ts';
import { lossOf } from './networks.ts';
import type { TuneOptions } from './options.ts';
import { checkSameStart } from './ranks.ts';
import { createCheckpoints, restoreCheckpoint } from './train-checkpoints.ts';
import { createUpdates } from './train-updates.ts';
import { type TrainedWeights, trainedWeights } from './trained-weights.ts';
import { checkFinite } from './training-state.ts';

/**
 * The metrics of one training step. Losses are means over the batches of the step. For a skipped update, only `skipped`
 * and the learning rate are reported.
 */
export interface TuneMetrics extends Record<string, number | undefined> {
  loss?: number;
  modelLoss?: number;
  gradientNorm?: number;
  learningRate: number;
  /** 1 if the loss or a gradient was not finite, so that no weight changed; else 0. */
  skipped: number;
}

type Step = TrainingStep<string>;

export interface TuneTraining {
  /** The run's name for error messages. */
  run: string;
  method: TuningMethod;
  unetConfig: UnetConfig;
  /**
   * The base model's U-Net weights. Training updates these weights in place, but leaves them unchanged when a LoRA is
   * trained.
   */
  parameters: ParameterValues;
  /** Batches of `batchSize / replicas` samples each. */
  batches: TuneBatches;
  options: TuneOptions;
  checkpointFolder: string;
  /** Hash of options and data; a checkpoint with another fingerprint is refused. */
  fingerprint: string;
  device?: Device;
  precision?: PrecisionOption;
  /** As in `createTrainingStep`. */
  captureGraph?: boolean;
  onCaptureRefused?: (sentence: string) => void;
  threads?: number;
  signal?: AbortSignal;
  /** Connects the processes of the run. Only rank 0 writes checkpoints. */
  communicator?: Communicator | undefined;
  /** Called once before the first update, with the number of updates that were made before. */
  onStart?: (step: number) => Promise<void>;
  /** Called after each update. */
  onStep?: (step: number, metrics: TuneMetrics) => Promise<void>;
  /**
   * Called with the current weights at step 0, every `sampleEverySteps` steps and at the end. Never called when
   * `sampleEverySteps` is 0.
   */
  onSample?: (step: number, parameters: ParameterValues) => Promise<void>;
  /**
   * Called on rank 0 at step 0, every `options.watch.everySteps` steps and at the end. Returning 'stop' ends the
   * training. `average` contains the moving average of the trained weights, or the trained weights if there is no
   * average. `plain` contains the weights that `onSample` receives.
   */
  onWatch?: (step: number, weights: { average: ParameterValues; plain: ParameterValues }) => Promise<'go' | 'stop'>;
  /**
   * Called at the end. Returns the weights of an earlier update to use as the result, named as in `average`; undefined
   * to use the last weights.
   */
  chosen?: () => Promise<{ step: number; average: ParameterValues } | undefined>;
  /** Called for every broken checkpoint that is skipped, with a sentence that describes it. */
  onSkippedCheckpoint?: (sentence: string) => void;
}

/** The result of training. */
export interface TrainedModel {
  /** Number of updates. */
  step: number;
  /** The number of the update that the returned weights come from; equals `step` if no earlier update was chosen. */
  chosenStep: number;
  /** Weights of the tuned U-Net; a LoRA is merged into these weights. */
  parameters: ParameterValues;
  lora?: LoraModules;
}

/**
 * Tunes until `options.steps`, starting from the latest intact checkpoint. Returns the weights to use (the moving
 * average if there is one), and the LoRA if one was trained. An update with a non-finite loss or gradient is skipped.
 * After several skipped updates in a row, or when a weight is not finite, the function throws and saves no checkpoint.
 * When the signal aborts, a checkpoint is saved before the function throws.
 */
export async function trainModel(training: TuneTraining): Promise<TrainedModel> {
  const { run, method, batches, unetConfig, options, communicator = single } = training;
  const hasReference = method.needs(options).reference;
  const weights = trainedWeights(training.parameters, unetConfig, { ...options, hasReference });
  const restored = await restoreCheckpoint(training, weights);
  await checkSameStart(communicator, restored?.step ?? 0);
  const step = await createTrainingStep({
    name: `run ${run}`,
    inputs: batches.specs,
    parameters: weights.all,
    trainable: weights.isTrained,
    loss: lossOf(method, { unetConfig, options }),
    optimizer: {
      weightDecay: options.weightDecay,
      maxGradientNorm: options.maxGradientNorm,
      ...(options.ema > 0 ? { emaDecay: options.ema } : {}),
    },
    ...(restored === undefined ? {} : { state: restored }),
    ...(training.device === undefined ? {} : { device: training.device }),
    ...(training.precision === undefined ? {} : { precision: training.precision }),
    ...(training.threads === undefined ? {} : { threads: training.threads }),
    captureGraph: training.captureGraph,
    onCaptureRefused: training.onCaptureRefused,
    replicas: options.replicas / communicator.size,
    communicator,
    skipsNotFinite: true,
  });
  const { state } = step;
  const checkpoints = createCheckpoints(training, { step, weights });
  const watch = createWatch(training, { step, weights });
  const updates = createUpdates(training, step);
  const isAtInterval = (steps: number) => state.step % steps === 0 || state.step === options.steps;

  try {
    await training.onStart?.(state.step);
    let isStopped = watch.isDue() && (await watch.measure()) === 'stop';
    if (state.step === 0 && options.sampleEverySteps > 0) await training.onSample?.(0, weights.plain(state.ema));
    while (state.step < options.steps && !isStopped) {
      throwIfStopped(training, step.isStopAsked());
      await updates.next((metrics) => training.onStep?.(state.step, metrics));
      if (isAtInterval(options.checkpointEverySteps)) await checkpoints.save();
      if (watch.isDue()) {
        // The checkpoint is saved first, so that a run interrupted here measures these weights again.
        await checkpoints.save();
        isStopped = (await watch.measure()) === 'stop';
      }
      if (options.sampleEverySteps > 0 && isAtInterval(options.sampleEverySteps)) {
        await step.fetchState();
        checkFinite(weights.trained);
        await training.onSample?.(state.step, weights.plain(state.ema));
      }
    }
    await checkpoints.save();
    await step.fetchState();
    return await chooseWeights(training, { state, weights });
  } catch (error) {
    if (isAbort(error)) {
      await checkpoints.save();
      // A rank that exits before the checkpoint is written would end rank 0.
      await communicator.barrier();
    }
    const { message, isDefect } = tellError(error);
    if (isAbort(error) || isDefect || error instanceof HeedError) throw error;
    throw new HeedError(
      `run ${run} stopped after ${state.step} of ${options.steps} updates: ${message}; ${checkpoints.describe()}`,
      { cause: error },
    );
  } finally {
    // The caller disposes of the encoders next, so no batch may still be in preparation.
    await updates.settle();
    step.dispose();
  }
}

/**
 * Schedules measurements during training. Every rank knows at which updates to measure; rank 0 measures and tells the
 * other ranks whether training stops.
 */
function createWatch(
  { options, communicator = single, onWatch }: TuneTraining,
  { step, weights }: { step: Step; weights: TrainedWeights },
) {
  const { state } = step;
  return {
    isDue: () =>
      options.watch !== undefined && (state.step % options.watch.everySteps === 0 || state.step === options.steps),
    async measure() {
      if (communicator.rank === 0) await step.fetchState();
      const now = () => ({ average: state.ema ?? weights.trained, plain: weights.plain(state.ema) });
      const said = communicator.rank === 0 ? await onWatch?.(state.step, now()) : undefined;
      return communicator.size === 1 ? said : (await communicator.gather(said ?? 'go'))[0];
    },
  };
}

/**
 * The weights of the update that the measurements chose, or else the last weights (the moving average if there is one).
 */
async function chooseWeights(
  { options, chosen: choose }: TuneTraining,
  { state, weights }: { state: OptimizerState; weights: TrainedWeights },
): Promise<TrainedModel> {
  const chosen = await choose?.();
  const average = chosen?.average ?? state.ema;
  const lora = options.lora && loraModules(average ?? weights.trained, options.lora);
  return {
    step: state.step,
    chosenStep: chosen?.step ?? state.step,
    parameters: weights.plain(average),
    ...(lora ? { lora } : {}),
  };
}

/** Throws the reason of the abort signal if a stop was requested on any rank. All ranks throw at the same update. */
function throwIfStopped({ signal, communicator = single }: TuneTraining, isStopAsked: boolean): void {
  if (communicator.size === 1) signal?.throwIfAborted();
  else if (isStopAsked) throw signal?.reason ?? new DOMException('another rank was stopped', 'AbortError');
}
