/** Commands that run beside the server, watched live by server-sent events. */
import type { Job, StartableKind } from '@heed/studio-api';
import { useCallback, useEffect, useState } from 'react';
import { api, read } from '../api/client.ts';

export interface JobOptions {
  settings?: string[];
  /** Of the run; the server finds one that is free where none is given. */
  name?: string;
  /** Go on with the settings that the run of that name was begun with. */
  continues?: boolean;
}

export interface JobWatch {
  /** The newest command. */
  job?: Job;
  /** True while a command waits or runs; no other one can be started then. */
  isBusy: boolean;
  problem?: string;
  start: (kind: StartableKind, options?: JobOptions) => void;
  /** Watches a command that the page has asked for by a request of another kind. */
  watch: (started: Promise<unknown>) => void;
  stop: () => void;
}

/** A waiting one has yet to begin, or begins again after its process was lost: neither has ended. */
function isUnderWay({ state }: Job): boolean {
  return state === 'waiting' || state === 'running';
}

/** `onEnd` is called when a command that was under way has ended. */
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
