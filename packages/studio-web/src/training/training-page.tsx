/** Training as it goes on, and what earlier runs did: curves, samples over time, the config that was used. */

import { useCallback, useEffect } from 'react';
import { api, read } from '../api/client.ts';
import { JobForm } from '../overview/job-form.tsx';
import { JobPanel } from '../overview/job-panel.tsx';
import { useJob } from '../overview/job-watch.ts';
import { timeText } from '../parts/moment-text.ts';
import { Page } from '../parts/page.tsx';
import { go, useAddress } from '../parts/router.ts';
import { useData } from '../parts/use-data.ts';
import { Curves } from './curves.tsx';
import { SampleSlider } from './sample-slider.tsx';
import { useTraining } from './training-watch.ts';

const load = () => read(api.training.$get());
const LOOK_WHILE_BUSY_MS = 1500;
const LOOK_MS = 6000;
const COMMANDS = { tune: 'Tuning', reward: 'Reward training' } as const;

export function TrainingPage() {
  const { query } = useAddress();
  const { data, problem, reload } = useData(load);
  const { job, isBusy, start, stop, ...watch } = useJob(reload);
  const runs = data?.runs ?? [];
  const run = runs.find(({ id }) => id === query.get('run')) ?? runs[0];
  const watched = useTraining(run?.id, reload);
  useEffect(() => {
    // A run shows as soon as it begins, also one that was started elsewhere.
    const looking = setInterval(reload, isBusy ? LOOK_WHILE_BUSY_MS : LOOK_MS);
    return () => clearInterval(looking);
  }, [reload, isBusy]);
  const tuned = runs.filter(({ command }) => command === 'tune').map(({ id }) => id);
  return (
    <Page title="Training" hasFigures problem={problem ?? watch.problem} isLoading={data === undefined}>
      <JobForm kind="tune" title="Tune the model" isBusy={isBusy} isPrimary={tuned.length === 0} onStart={start} />
      {job && (job.kind === 'tune' || job.kind === 'reward') && <JobPanel job={job} onStop={stop} />}
      {data && runs.length === 0 && (
        <p className="soft">
          No run yet. Tuning draws images, weighs them by the reward and trains on them; a run shows here as soon as it
          begins, wherever it was started.
        </p>
      )}
      {run && (
        <>
          <div className="row filters">
            <label className="labelled">
              Run
              <select
                className="field"
                value={run.id}
                onChange={(event) => go(`/training?run=${encodeURIComponent(event.target.value)}`, { replace: true })}
              >
                {runs.map(({ id, command, startedAt }) => (
                  <option key={id} value={id}>
                    {id} · {COMMANDS[command]} · {timeText(startedAt)}
                  </option>
                ))}
              </select>
            </label>
            {run.command === 'tune' && run.isUnfinished && (
              <button
                type="button"
                className="button"
                disabled={isBusy}
                onClick={() => start('tune', { name: run.id, continues: true })}
              >
                Continue {run.id}
              </button>
            )}
            <span className={`tag ${watched?.isGoing ? 'is-running' : ''}`} role="status">
              {watched === undefined
                ? 'loading'
                : watched.isGoing
                  ? 'live'
                  : run.isUnfinished
                    ? 'not finished'
                    : 'finished'}
            </span>
          </div>
          {watched && <Curves curves={watched.curves} titles={watched.titles} />}
          {run.command === 'tune' && watched && watched.samples.length > 0 && (
            <RunSamples run={run.id} steps={watched.samples} />
          )}
          <RunConfig key={run.id} run={run.id} />
        </>
      )}
    </Page>
  );
}

function useRun(run: string) {
  return useData(useCallback(() => read(api.training[':id'].$get({ param: { id: run } })), [run]));
}

function RunSamples({ run, steps }: { run: string; steps: readonly number[] }) {
  const { data } = useRun(run);
  return <SampleSlider key={run} run={run} steps={steps} prompts={data?.config.samplePrompts ?? []} />;
}

function RunConfig({ run }: { run: string }) {
  const { data, problem } = useRun(run);
  return (
    <details className="config">
      <summary>The config that this run used</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: people without a mouse must be able to scroll it */}
      <section tabIndex={0} aria-label={`Config of ${run}`} className="config-text">
        <pre>{problem ?? data?.config.text}</pre>
      </section>
    </details>
  );
}
