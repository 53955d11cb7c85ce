/** Commands that run beside the server, watched live by server-sent events. */
import type { Job, JobKind } from 'heed/studio-api';
import { useCallback, useEffect, useState } from 'react';
import { api, read } from '../api/client.ts';

export interface JobWatch {
  /** The newest command. */
  job?: Job;
  problem?: string;
  start: (kind: JobKind, options?: { settings?: string[] }) => void;
  stop: () => void;
}

/** `onEnd` is called when a command that was running has ended. */
export function useJob(onEnd: () => void): JobWatch {
  const [job, setJob] = useState<Job>();
  const [problem, setProblem] = useState<string>();
  const fail = useCallback((error: Error) => setProblem(error.message), []);
  useEffect(() => {
    read(api.jobs.$get()).then(({ jobs }) => setJob(jobs[0] as Job | undefined), fail);
  }, [fail]);

  const id = job?.id;
  const isRunning = job !== undefined && job.endedAt === undefined;
  useEffect(() => {
    if (id === undefined || !isRunning) return;
    const source = new EventSource(`/api/jobs/${encodeURIComponent(id)}/events`);
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const now = JSON.parse(data) as Job;
      setJob(now);
      if (now.endedAt === undefined) return;
      source.close();
      onEnd();
    };
    return () => source.close();
  }, [id, isRunning, onEnd]);

  return {
    ...(job === undefined ? {} : { job }),
    ...(problem === undefined ? {} : { problem }),
    start: useCallback(
      (kind, { settings = [] } = {}) => {
        setProblem(undefined);
        read(api.jobs.$post({ json: { kind, settings } })).then((started) => setJob(started as Job), fail);
      },
      [fail],
    ),
    stop: useCallback(() => {
      if (id !== undefined) read(api.jobs[':id'].stop.$post({ param: { id } })).catch(fail);
    }, [id, fail]),
  };
}
