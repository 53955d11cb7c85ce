/**
 * The updates of a tuning run. The next batch is prepared while the graph runs, and one update can sum the gradients of
 * several batches.
 */
import { learningRateAt, single, type TrainingStep } from '@heed/diffusion/autodiff';
import { InputError } from '../errors.ts';
import type { TuneMetrics, TuneTraining } from './train.ts';

/** After this many consecutive updates with a non-finite loss or gradient, training stops. */
const MAX_SKIPPED_IN_A_ROW = 5;

/** Each call of `next` makes one update, starting from the state of `step`. */
export function createUpdates(training: TuneTraining, step: TrainingStep<string>) {
  const { options } = training;
  const { state } = step;
  const batchesPerStep = options.accumulation * options.replicas;
  let upcoming: ReturnType<typeof fetchBatches> | undefined;
  let skippedInARow = 0;

  /** Runs the batches of one update and applies the summed gradients. Returns the means of the batches' metrics. */
  const update = async (learningRate: number): Promise<Record<string, number>> => {
    // Ranks see the stop signal at different updates. All stop after the update in which the first rank saw it.
    const stop = training.signal?.aborted ?? false;
    const first = state.step * batchesPerStep;
    const means: Record<string, number> = {};
    upcoming ??= fetchBatches(training, first);
    for (let i = 0; i < options.accumulation; i++) {
      const feeds = await upcoming();
      // While the graph runs, the event loop is free and prepares the next batch.
      const running = options.accumulation === 1 ? step.step(feeds, { learningRate, stop }) : step.accumulate(feeds);
      upcoming = fetchBatches(training, first + (i + 1) * options.replicas);
      for (const [name, value] of Object.entries(await running)) {
        means[name] = (means[name] ?? 0) + value / options.accumulation;
      }
    }
    if (options.accumulation > 1) Object.assign(means, await step.apply({ learningRate, stop }));
    return means;
  };

  return {
    /** Makes an update and calls `onStep`. Throws after `MAX_SKIPPED_IN_A_ROW` skipped updates in a row. */
    async next(onStep: (metrics: TuneMetrics) => Promise<void> | undefined): Promise<void> {
      const { schedule, learningRate: base, warmupSteps, steps: totalSteps } = options;
      const learningRate = learningRateAt({ schedule, base, warmupSteps, totalSteps }, state.step);
      const means = await update(learningRate);
      // While the loss scale still falls, the scale may be the cause.
      skippedInARow = means.skipped === 1 && step.lossScale() === 1 ? skippedInARow + 1 : 0;
      await onStep(stepMetrics(means, learningRate));
      if (skippedInARow === MAX_SKIPPED_IN_A_ROW) {
        throw new InputError(
          `expected finite losses and gradients, got ${skippedInARow} updates in a row without (loss ${means.loss}, gradient norm ${means.gradientNorm})`,
        );
      }
    },
    /** Resolves when the batch that is being prepared is ready or has failed. */
    async settle(): Promise<void> {
      await upcoming?.().catch(() => {});
    },
  };
}

function stepMetrics(measured: Record<string, number>, learningRate: number): TuneMetrics {
  return measured.skipped === 1
    ? { skipped: 1, learningRate }
    : { ...measured, skipped: measured.skipped ?? 0, learningRate };
}

/**
 * Starts to prepare this rank's batches, one for each replica of the rank. `first` is the number of the first batch
 * over all ranks. A failure rejects the promise that the returned function gives.
 */
function fetchBatches({ batches, options, communicator = single }: TuneTraining, first: number) {
  const count = options.replicas / communicator.size;
  const begin = first + communicator.rank * count;
  const promise = Promise.all(Array.from({ length: count }, (_, i) => batches.at(begin + i)));
  promise.catch(() => {});
  return () => promise;
}
