/**
 * Sets up the monitoring of a run: loads the models that score images, generates images with the project's sampler, and
 * logs the measurements.
 */

import { join } from 'node:path';
import type { ImageStore } from '../../images/index.ts';
import type { MetricsLog } from '../../metrics/metrics-log.ts';
import type { ProgressFactory } from '../../progress/index.ts';
import type { Project, Run } from '../../project/index.ts';
import type { LivePipeline } from '../live-pipeline.ts';
import type { TuneTraining } from '../train.ts';
import type { TunedModel } from '../write-model.ts';
import { openWatchJudges } from './judges.ts';
import { openWatch, WATCH_FOLDER, type WatchedRun } from './watch.ts';

export interface Watching {
  readonly hooks: Pick<TuneTraining, 'onWatch' | 'chosen'>;
  close(): Promise<void>;
}

/** Starts the monitoring; returns undefined when the run has no reserved prompts. */
export async function startWatching(
  project: Project,
  inputs: {
    run: Run;
    about: TunedModel;
    given: { note?: (sentence: string) => void };
    begun: { reward: string };
    keptPrompts: readonly string[];
    store: ImageStore;
    resumedStep: number;
    live: LivePipeline;
    metrics: MetricsLog;
    progress: ProgressFactory;
    warn: (sentence: string) => void;
    signal?: AbortSignal;
  },
): Promise<Watching | undefined> {
  const { run, about, given, begun, keptPrompts, live, metrics, progress, signal, warn } = inputs;
  const { watch, seed } = about.options;
  if (watch === undefined || keptPrompts.length === 0) return undefined;
  const judges = await openWatchJudges(project, {
    folder: join(run.folder, WATCH_FOLDER),
    reward: begun.reward,
    store: inputs.store,
    note: given.note ?? (() => {}),
    progress,
    signal,
  });
  const watched: WatchedRun = await openWatch({
    runFolder: run.folder,
    resumedStep: inputs.resumedStep,
    seed,
    watch,
    prompts: keptPrompts,
    judges,
    warn,
    onPoint: (step, values) => metrics.log(step, values),
  });
  const { batchSize, sampler, steps, guidanceScale } = project.config.sample;
  const sampling = { batchSize, sampler, steps, guidanceScale, ...(signal === undefined ? {} : { signal }) };
  return {
    hooks: {
      onWatch: (step, { average, plain }) =>
        watched.at(step, {
          average,
          draw: (prompts, seeds) => live.of(plain).generate({ prompts, seeds, ...sampling }),
        }),
      chosen: () => watched.best(),
    },
    close: () => judges.close(),
  };
}
