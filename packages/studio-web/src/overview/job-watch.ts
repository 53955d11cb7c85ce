/** Watches the commands that the studio runs; server-sent events report each change. */
import type { Job, StartableKind } from '@heed/studio-api';
import { useCallback, useEffect, useState } from 'react';
import { api, read } from '../api/client.ts';

export interface JobOptions {
  settings?: string[];
  /** Name of the run; by default the server chooses a free name. */
  name?: string;
  /** Whether to continue the run `name` with the settings that the run was started with. */
  continues?: boolean;
}

export interface JobWatch {
  /** The newest command. */
  job?: Job;
  /** Whether a command is waiting or running; until it ends, no other command can be started. */
  isBusy: boolean;
  problem?: string;
  start: (kind: StartableKind, options?: JobOptions) => void;
  /** Watches a command that the page started by another request. */
  watch: (started: Promise<unknown>) => void;
  stop: () => void;
}

/**
 * Whether the job has not ended yet. A waiting job has not been started, or will be restarted because its process died.
 */
function isUnderWay({ state }: Job): boolean {
  return state === 'waiting' || state === 'running';
}

/** A React hook that watches a job; `onEnd` is called when a running command has ended. */
export function useJob(onEnd: () => void): JobWatch {
  const [job, setJob] = useState<Job>();
  const [problem, setProblem] = useState<string>();
  const fail = useCallback((error: Error) => setProblem(error.message), []);
  useEffect(() => {
    read(api.jobs.$get()).then(({ jobs }) => setJob(jobs.find(({ kind }) => kind !== 'try') as Job | undefined), fail);
  }, [fail]);

  const id = job?.id;
  const isBusy = job !== undefined && isUnderWay(job);
  useEffect(() => {
    if (id === undefined || !isBusy) return;
    const source = new EventSource(`/api/jobs/${encodeURIComponent(id)}/events`);
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const now = JSON.parse(data) as Job;
      setJob(now);
      if (isUnderWay(now)) return;
      source.close();
      onEnd();
    };
    return () => source.close();
  }, [id, isBusy, onEnd]);

  const watch = useCallback(
    (started: Promise<unknown>) => {
      setProblem(undefined);
      started.then((now) => setJob(now as Job), fail);
    },
    [fail],
  );
  return {
    ...(job === undefined ? {} : { job }),
    isBusy,
    ...(problem === undefined ? {} : { problem }),
    start: useCallback(
      (kind, { settings = [], name, continues = false } = {}) => {
        const json = { kind, settings, continues, ...(name === undefined ? {} : { name }) };
        watch(read(api.jobs.$post({ json })));
      },
      [watch],
    ),
    watch,
    stop: useCallback(() => {
      if (id !== undefined) read(api.jobs[':id'].stop.$post({ param: { id } })).catch(fail);
    }, [id, fail]),
  };
}
