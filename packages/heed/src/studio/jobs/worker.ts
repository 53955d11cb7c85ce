/**
 * A worker process without the studio's server, which runs jobs from the project's queue until it gets a stop signal.
 */
import { hostname } from 'node:os';
import { badInput } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { databaseFolder, openDatabase } from '../storage/database.ts';
import { openJobs } from './jobs.ts';

/**
 * Interval of a worker's heartbeat. The output of the worker's command reaches the studio's pages at the same interval.
 */
const HEARTBEAT_MS = 3000;

/**
 * Resolves after `signal` fires and the current job is back in the queue. Throws when DATABASE_URL is not set, since
 * workers share the studio's PostgreSQL database.
 */
export async function runWorker(
  project: Project,
  options: {
    overrides?: readonly string[];
    signal: AbortSignal;
    note: (text: string) => void;
    onError?: (error: unknown) => void;
    /** Program to run instead of heed's command line. */
    program?: string;
  },
): Promise<{ jobs: number }> {
  const { overrides, signal, note, onError, program } = options;
  if (!process.env.DATABASE_URL) {
    throw badInput("DATABASE_URL: expected the PostgreSQL of the project's studio, got none; workers share its jobs");
  }
  const database = await openDatabase(databaseFolder(project));
  let begun = 0;
  try {
    const jobs = await openJobs(project, {
      database,
      isStudio: false,
      leaseSeconds: project.config.studio.jobLeaseSeconds,
      heartbeatMs: HEARTBEAT_MS,
      ...(overrides === undefined ? {} : { overrides }),
      ...(onError === undefined ? {} : { onError }),
      ...(program === undefined ? {} : { program }),
      onRun({ kind, attempt, state, error }) {
        if (state === 'running') begun += 1;
        const why = error === undefined ? '' : `: ${error}`;
        note(state === 'running' ? `heed ${kind} begins, attempt ${attempt}` : `heed ${kind}: ${state}${why}`);
      },
    });
    note(`worker ${process.pid} on ${hostname()} takes the jobs of ${project.folder}`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await jobs.close();
    return { jobs: begun };
  } finally {
    await database.close();
  }
}
