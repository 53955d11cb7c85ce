// The loop all trained stages share: batches fetched one ahead, learning rate, progress lines, saves, interruption. It
// does not depend on the kind of batch or loss.
import type { Feed, Metrics, TrainingStep } from '@heed/diffusion/autodiff';
import type { Horizon } from './horizon.ts';
import { learningRateOf, progressOf, secondsLeft } from './horizon.ts';
import { saveTraining } from './training-state.ts';

export interface TrainingRun<I extends string> {
  /** Name of the stage for progress lines. */
  readonly stage: string;
  /** Folder of the state. */
  readonly folder: string;
  readonly step: TrainingStep<I>;
  /** Seconds trained before this start. */
  readonly trainedSeconds: number;
  /** Number of batches in an update: one for each replica of the step. */
  readonly replicas?: number;
  /**
   * The feeds of the 0-based batch, which must depend on the argument alone, so that a resumed training gives the same
   * bits.
   */
  readonly batchAt: (batch: number) => Promise<Record<I, Feed>> | Record<I, Feed>;
  readonly horizon: Horizon;
  readonly learningRate: number;
  readonly warmupSteps?: number;
  readonly decayShare?: number;
  readonly saveEverySeconds?: number;
  readonly reportEverySeconds?: number;
  /** Called after each save and at the end, so that a stage can draw samples. */
  readonly onSave?: (step: number) => Promise<void>;
  readonly signal?: AbortSignal;
  readonly print?: (line: string) => void;
}

/**
 * Trains until the horizon is reached or `signal` aborts; returns whether the horizon was reached. The state is saved
 * in both cases.
 */
export async function runTraining<I extends string>({
  stage,
  folder,
  step: training,
  trainedSeconds: earlierSeconds,
  replicas = 1,
  batchAt,
  horizon,
  learningRate,
  warmupSteps = 100,
  decayShare = 0.2,
  saveEverySeconds = 75,
  reportEverySeconds = 10,
  onSave,
  signal,
  print = console.log,
}: TrainingRun<I>): Promise<{ finished: boolean; step: number; trainedSeconds: number }> {
  let trainedSeconds = earlierSeconds;
  const progress = () => progressOf(horizon, { step: training.state.step, trainedSeconds });
  const save = async () => {
    await saveTraining(folder, { optimizer: training.state, trainedSeconds });
    await onSave?.(training.state.step);
  };
  let lastSave = performance.now();
  let lastReport = performance.now();
  let sums: Record<string, number> = {};
  let count = 0;
  let unsaved = false;
  const batchesAt = (step: number) =>
    Promise.all(Array.from({ length: replicas }, async (_, i) => batchAt(step * replicas + i)));
  let next = Promise.resolve().then(() => batchesAt(training.state.step));
  while (progress() < 1 && !signal?.aborted) {
    const started = performance.now();
    const feeds = await next;
    const { step } = training.state;
    // While the native step runs, the event loop is free and prepares the next batch.
    const running = training.step(feeds, {
      learningRate: learningRateOf({ base: learningRate, warmupSteps, decayShare }, { step, progress: progress() }),
    });
    next = new Promise<void>((resolve) => setImmediate(resolve)).then(() => batchesAt(step + 1));
    const metrics: Metrics = await running;
    unsaved = true;
    trainedSeconds += (performance.now() - started) / 1000;
    for (const [key, value] of Object.entries(metrics)) sums[key] = (sums[key] ?? 0) + value;
    count += 1;
    const now = performance.now();
    if (now - lastReport > reportEverySeconds * 1000) {
      const stepsPerSecond = (count * 1000) / (now - lastReport);
      const left = secondsLeft(horizon, { step: step + 1, trainedSeconds, stepsPerSecond });
      const means = Object.entries(sums).map(([key, sum]) => `${key} ${(sum / count).toPrecision(4)}`);
      print(
        `${stage} step ${step + 1} · ${means.join(' · ')} · ${stepsPerSecond.toFixed(2)} steps/s · ` +
          `${clock(trainedSeconds)} trained, ${clock(left)} left`,
      );
      lastReport = now;
      sums = {};
      count = 0;
    }
    if (now - lastSave > saveEverySeconds * 1000) {
      await save();
      unsaved = false;
      lastSave = performance.now();
    }
  }
  await next.catch(() => undefined);
  if (unsaved) await save();
  return { finished: progress() >= 1, step: training.state.step, trainedSeconds };
}

function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${`${m}`.padStart(2, '0')}:${`${s}`.padStart(2, '0')}` : `${m}:${`${s}`.padStart(2, '0')}`;
}
