/** The updates of a tuning run: batches are made while the graph runs, and accumulate to one update of the weights. */
import { learningRateAt, single, type TrainingStep } from '@heed/diffusion/autodiff';
import { InputError } from '../errors.ts';
import type { TuneMetrics, TuneTraining } from './train.ts';

/** So many updates in a row that are not finite are no accident. */
const MAX_SKIPPED_IN_A_ROW = 5;

/** Makes one update after the other from where `step` stands. */
export function createUpdates(training: TuneTraining, step: TrainingStep<string>) {
  const { options } = training;
  const { state } = step;
  const batchesPerStep = options.accumulation * options.replicas;
  let upcoming: ReturnType<typeof fetchBatches> | undefined;
  let skippedInARow = 0;

  /** Runs the batches of one update and applies it; returns the means of what they measured. */
  const update = async (learningRate: number): Promise<Record<string, number>> => {
    // Signals reach the ranks at different updates: all stop after the one in which the first rank asks for it.
    const stop = training.signal?.aborted ?? false;
    const first = state.step * batchesPerStep;
    const means: Record<string, number> = {};
    upcoming ??= fetchBatches(training, first);
    for (let i = 0; i < options.accumulation; i++) {
      const feeds = await upcoming();
      // The event loop is free while the graph runs: the next batch is made meanwhile.
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
    /** Makes an update and calls `onStep`. Throws where too many in a row were skipped. */
    async next(onStep: (metrics: TuneMetrics) => Promise<void> | undefined): Promise<void> {
      const { schedule, learningRate: base, warmupSteps, steps: totalSteps } = options;
      const learningRate = learningRateAt({ schedule, base, warmupSteps, totalSteps }, state.step);
      const means = await update(learningRate);
      // While the loss scale still falls, the cause may be the scale.
      skippedInARow = means.skipped === 1 && step.lossScale() === 1 ? skippedInARow + 1 : 0;
      await onStep(stepMetrics(means, learningRate));
      if (skippedInARow === MAX_SKIPPED_IN_A_ROW) {
        throw new InputError(
          `expected finite losses and gradients, got ${skippedInARow} updates in a row without (loss ${means.loss}, gradient norm ${means.gradientNorm})`,
        );
      }
    },
    /** Resolves once no batch is being made. */
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
 * Starts to make a batch for each replica of this rank: of the `replicas` batches from `first` on, those from its share
 * on. A failure is thrown where they are awaited, not before.
 */
function fetchBatches({ batches, options, communicator = single }: TuneTraining, first: number) {
  const count = options.replicas / communicator.size;
  const begin = first + communicator.rank * count;
  const promise = Promise.all(Array.from({ length: count }, (_, i) => batches.at(begin + i)));
  promise.catch(() => {});
  return () => promise;
}
