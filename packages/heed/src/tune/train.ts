/**
 * The training loop of tuning: batches in, updates of the U-Net or its LoRA, checkpoints, samples, measurements.
 * Loss and data are the method's (`method.ts`); it knows no project and no files but its checkpoints.
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
 * What a step reports; losses are means over the step's batches. A skipped update reports nothing but that and its
 * rate.
 */
export interface TuneMetrics extends Record<string, number | undefined> {
  loss?: number;
  modelLoss?: number;
  gradientNorm?: number;
  learningRate: number;
  /** 1 where loss or gradient was not finite and no weight was changed, else 0. */
  skipped: number;
}

type Step = TrainingStep<string>;

export interface TuneTraining {
  /** Named in errors. */
  run: string;
  method: TuningMethod;
  unetConfig: UnetConfig;
  /** The base model's U-Net weights; updated in place, or left as they are where a LoRA is trained. */
  parameters: ParameterValues;
  /** Of `batchSize / replicas` samples each. */
  batches: TuneBatches;
  options: TuneOptions;
  checkpointFolder: string;
  /** Names options and data, so that a checkpoint of others is refused. */
  fingerprint: string;
  device?: Device;
  precision?: PrecisionOption;
  threads?: number;
  signal?: AbortSignal;
  /** The other processes of the run. Rank 0 alone writes checkpoints. */
  communicator?: Communicator | undefined;
  /** Called once, before the first update, with the step it goes on from. */
  onStart?: (step: number) => Promise<void>;
  /** Called after each update. */
  onStep?: (step: number, metrics: TuneMetrics) => Promise<void>;
  /** Called at step 0, every `sampleEverySteps` and at the end, with the weights to look at; never where that is 0. */
  onSample?: (step: number, parameters: ParameterValues) => Promise<void>;
  /**
   * Called at step 0, every `options.watch.everySteps` and at the end, on rank 0; 'stop' ends the training there.
   * `average` has the trained weights by name, or their moving average; `plain` is as for `onSample`.
   */
  onWatch?: (step: number, weights: { average: ParameterValues; plain: ParameterValues }) => Promise<'go' | 'stop'>;
  /** Asked at the end: weights by the names of `average` to return in place of the last ones. */
  chosen?: () => Promise<{ step: number; average: ParameterValues } | undefined>;
  /** Called with a sentence for every broken checkpoint that is passed over. */
  onSkippedCheckpoint?: (sentence: string) => void;
}

/** What a training ends with. */
export interface TrainedModel {
  /** Updates made. */
  step: number;
  /** The update whose weights these are; `step` where nothing was chosen. */
  chosenStep: number;
  /** Of a plain U-Net. */
  parameters: ParameterValues;
  lora?: LoraModules;
}

/**
 * Tunes until `options.steps`, going on from the latest whole checkpoint. Returns the weights to use (the moving
 * average where one is kept) and the LoRA where one was trained. An update with a loss or gradient that is not finite
 * is skipped; after some in a row, and on a weight that is not finite, it throws, having saved nothing of it. On abort
 * it checkpoints first.
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
        // First, so that a run that is interrupted here measures these weights again.
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
      // A rank that left before the checkpoint is written would end rank 0.
      await communicator.barrier();
    }
    const { message, isDefect } = tellError(error);
    if (isAbort(error) || isDefect || error instanceof HeedError) throw error;
    throw new HeedError(
      `run ${run} stopped after ${state.step} of ${options.steps} updates: ${message}; ${checkpoints.describe()}`,
      { cause: error },
    );
  } finally {
    // What encodes the next batch is let go of by the caller: not while it runs.
    await updates.settle();
    step.dispose();
  }
}

/** Measurements during the training. All ranks know when; rank 0 measures and tells the others what came of it. */
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

/** The weights that a watched run chose, or the last ones; the moving average where one is kept. */
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

/** Throws the signal's reason; where there are several ranks, all at the same update. */
function throwIfStopped({ signal, communicator = single }: TuneTraining, isStopAsked: boolean): void {
  if (communicator.size === 1) signal?.throwIfAborted();
  else if (isStopAsked) throw signal?.reason ?? new DOMException('another rank was stopped', 'AbortError');
}
