/**
 * The training loop of tuning: batches in, updates of the U-Net or its LoRA, checkpoints, samples, measurements.
 * Loss and data are the method's (`method.ts`); it knows no project and no files but its checkpoints.
 */
import { type LoraModules, loraModules, type UnetConfig } from '@heed/diffusion';
import {
  type Communicator,
  createTrainingStep,
  type Device,
  learningRateAt,
  type ParameterValues,
  type PrecisionOption,
  single,
} from '@heed/diffusion/autodiff';
import { findLatestCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint.ts';
import { HeedError, InputError, isAbort, tellError } from '../errors.ts';
import type { TuneBatches } from './batches.ts';
import type { TuningMethod } from './method.ts';
import { lossOf } from './networks.ts';
import type { TuneOptions } from './options.ts';
import { checkSameStart, checkSameWeights } from './ranks.ts';
import { type TrainedWeights, trainedWeights } from './trained-weights.ts';
import {
  checkFingerprint,
  checkFinite,
  readOptimizerState,
  readSavedState,
  writeTrainingState,
} from './training-state.ts';

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

/** So many updates in a row that are not finite are no accident. */
const MAX_SKIPPED_IN_A_ROW = 5;

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
  const { run, method, batches, unetConfig, options, checkpointFolder, fingerprint } = training;
  const { communicator = single } = training;
  const hasReference = method.needs(options).reference;
  const weights = trainedWeights(training.parameters, unetConfig, { ...options, hasReference });
  const restored = await restore(training, weights);
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
  const batchesPerStep = options.accumulation * options.replicas;
  let savedStep = restored?.step ?? 0;
  const save = async () => {
    if (savedStep === state.step) return;
    await step.fetchState();
    checkFinite(weights.trained);
    await checkSameWeights(communicator, weights.trained, state.step);
    const batch = state.step * batchesPerStep;
    if (communicator.rank === 0) await writeCheckpoint(batch);
    savedStep = state.step;
  };
  const writeCheckpoint = (batch: number) =>
    saveCheckpoint(checkpointFolder, {
      step: state.step,
      keep: options.keepCheckpoints,
      write: (folder) =>
        writeTrainingState(folder, {
          optimizer: { ...state, parameters: weights.trained },
          random: { seed: options.seed, batch },
          data: batches.position(batch),
          fingerprint,
        }),
    });

  const isWatched = () =>
    options.watch !== undefined && (state.step % options.watch.everySteps === 0 || state.step === options.steps);
  // All ranks know when; rank 0 measures and tells the others what came of it.
  const watch = async () => {
    if (communicator.rank === 0) await step.fetchState();
    const now = () => ({ average: state.ema ?? weights.trained, plain: weights.plain(state.ema) });
    const said = communicator.rank === 0 ? await training.onWatch?.(state.step, now()) : undefined;
    return communicator.size === 1 ? said : (await communicator.gather(said ?? 'go'))[0];
  };

  let upcoming: ReturnType<typeof fetch> | undefined;
  try {
    await training.onStart?.(state.step);
    let isStopped = isWatched() && (await watch()) === 'stop';
    if (state.step === 0 && options.sampleEverySteps > 0) await training.onSample?.(0, weights.plain(state.ema));
    let skippedInARow = 0;
    upcoming = fetch(training, state.step * batchesPerStep);
    while (state.step < options.steps && !isStopped) {
      throwIfStopped(training, step.isStopAsked());
      // Signals reach the ranks at different updates: all stop after the one in which the first rank asks for it.
      const stop = training.signal?.aborted ?? false;
      const learningRate = learningRateAt(
        {
          schedule: options.schedule,
          base: options.learningRate,
          warmupSteps: options.warmupSteps,
          totalSteps: options.steps,
        },
        state.step,
      );
      const first = state.step * batchesPerStep;
      const sums: Record<string, number> = {};
      for (let i = 0; i < options.accumulation; i++) {
        const feeds = await upcoming();
        // The event loop is free while the graph runs: the next batch is made meanwhile.
        const running = options.accumulation === 1 ? step.step(feeds, { learningRate, stop }) : step.accumulate(feeds);
        upcoming = fetch(training, first + (i + 1) * options.replicas);
        for (const [name, value] of Object.entries(await running)) {
          sums[name] = (sums[name] ?? 0) + value / options.accumulation;
        }
      }
      if (options.accumulation > 1) Object.assign(sums, await step.apply({ learningRate, stop }));
      // While the loss scale still falls, the cause may be the scale.
      skippedInARow = sums.skipped === 1 && step.lossScale() === 1 ? skippedInARow + 1 : 0;
      await training.onStep?.(state.step, stepMetrics(sums, learningRate));
      if (skippedInARow === MAX_SKIPPED_IN_A_ROW) {
        throw new InputError(
          `expected finite losses and gradients, got ${skippedInARow} updates in a row without (loss ${sums.loss}, gradient norm ${sums.gradientNorm})`,
        );
      }
      if (state.step % options.checkpointEverySteps === 0 || state.step === options.steps) await save();
      if (isWatched()) {
        // First, so that a run that is interrupted here measures these weights again.
        await save();
        isStopped = (await watch()) === 'stop';
      }
      const { sampleEverySteps } = options;
      if (sampleEverySteps > 0 && (state.step % sampleEverySteps === 0 || state.step === options.steps)) {
        await step.fetchState();
        checkFinite(weights.trained);
        await training.onSample?.(state.step, weights.plain(state.ema));
      }
    }
    await save();
    await step.fetchState();
    const chosen = await training.chosen?.();
    const average = chosen?.average ?? state.ema;
    const lora = options.lora && loraModules(average ?? weights.trained, options.lora);
    return {
      step: state.step,
      chosenStep: chosen?.step ?? state.step,
      parameters: weights.plain(average),
      ...(lora ? { lora } : {}),
    };
  } catch (error) {
    if (isAbort(error)) {
      await save();
      // A rank that left before the checkpoint is written would end rank 0.
      await communicator.barrier();
    }
    const { message, isDefect } = tellError(error);
    if (isAbort(error) || isDefect || error instanceof HeedError) throw error;
    throw new HeedError(
      `run ${run} stopped after ${state.step} of ${options.steps} updates: ${message}; ${savedStep > 0 ? `its last checkpoint is that of update ${savedStep}` : 'it has no checkpoint'}`,
      { cause: error },
    );
  } finally {
    // What encodes the next batch is let go of by the caller: not while it runs.
    await upcoming?.().catch(() => {});
    step.dispose();
  }
}

function stepMetrics(measured: Record<string, number>, learningRate: number): TuneMetrics {
  return measured.skipped === 1
    ? { skipped: 1, learningRate }
    : { ...measured, skipped: measured.skipped ?? 0, learningRate };
}

/** Throws the signal's reason; where there are several ranks, all at the same update. */
function throwIfStopped({ signal, communicator = single }: TuneTraining, isStopAsked: boolean): void {
  if (communicator.size === 1) signal?.throwIfAborted();
  else if (isStopAsked) throw signal?.reason ?? new DOMException('another rank was stopped', 'AbortError');
}

/**
 * Starts to make a batch for each replica of this rank: of the `replicas` batches from `first` on, those from its share
 * on. A failure is thrown where they are awaited, not before.
 */
function fetch({ batches, options, communicator = single }: TuneTraining, first: number) {
  const count = options.replicas / communicator.size;
  const begin = first + communicator.rank * count;
  const promise = Promise.all(Array.from({ length: count }, (_, i) => batches.at(begin + i)));
  promise.catch(() => {});
  return () => promise;
}

/** Reads the latest whole checkpoint into the weights and returns the optimizer's state, or undefined at the start. */
async function restore(training: TuneTraining, weights: TrainedWeights) {
  const { checkpointFolder, fingerprint, run, onSkippedCheckpoint } = training;
  const latest = await findLatestCheckpoint(
    checkpointFolder,
    onSkippedCheckpoint ? { onSkip: onSkippedCheckpoint } : {},
  );
  if (latest === undefined) return undefined;
  checkFingerprint(await readSavedState(latest.folder), fingerprint, run);
  return { ...(await readOptimizerState(latest.folder, weights.trained)), parameters: weights.all };
}
