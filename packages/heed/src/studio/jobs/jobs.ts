/**
 * The studio's jobs: starts, lists, stops and watches them. Each job runs as a command in a separate process, so that
 * training never runs in the server's process (`job-loop.ts`).
 *
 * A job outlives the studio that runs it. Closing the studio returns the job to the queue; the command keeps its
 * checkpoint. If the studio is killed, its claim on the job stays in the database. The next studio ends the process of
 * the claimed job, then starts the job again.
 */
import { createQueue } from '@heed/diffusion/one-at-a-time';
import type { Project } from '../../project/project.ts';
import type { OpenDatabase } from '../storage/database.ts';
import { hasEnded, type Job, type JobKind, QUEUED_KINDS } from './job.ts';
import { readJobLog } from './job-log.ts';
import { startJobLoop } from './job-loop.ts';
import { DEFAULT_LEASE_SECONDS, openJobQueue, type QueueOptions } from './queue.ts';
import { openWorkers, type WorkerStatus } from './workers.ts';

/** The largest number of waiting short jobs. */
const MOST_WAITING = 20;

export interface JobsOptions extends QueueOptions {
  /**
   * False for a worker process without the studio's server. The studio runs jobs itself only while no other worker is
   * alive.
   */
  readonly isStudio?: boolean;
  /** Called when this process starts an attempt at a job, and when that attempt has ended. */
  readonly onRun?: (job: Job) => void;
  /** Settings for every command, in the syntax of `--set`. */
  readonly overrides?: readonly string[];
  readonly heartbeatMs?: number;
  /** Interval at which an idle worker looks for waiting jobs. */
  readonly idleMs?: number;
  /** Program to run instead of heed's command line. */
  readonly program?: string;
  /** Called with database errors; the worker continues. */
  readonly onError?: (error: unknown) => void;
}

export interface Jobs {
  /** All jobs, newest first. */
  all(): Promise<Job[]>;
  get(id: string): Promise<Job | undefined>;
  /** All worker processes, including this one. */
  workers(): Promise<WorkerStatus[]>;
  /**
   * Starts a job. Returns undefined when all workers are busy, or when an unfinished job must not run at the same time.
   * Short jobs (see `QUEUED_KINDS`) wait in a queue; the result is undefined when the queue is full.
   */
  start(kind: JobKind, options?: JobStart): Promise<Job | undefined>;
  /** The lines of the command's log; empty when there is no log. */
  log(id: string): Promise<readonly string[]>;
  /** Asks the job's command to stop; the command saves its finished work. Returns false when the job has ended. */
  stop(id: string): Promise<boolean>;
  /** Calls `listener` with each new state of the job until the returned function is called. */
  watch(id: string, listener: (job: Job) => void): () => void;
  /** Stops the running command, returns its job to the queue, and waits until the command has ended. */
  close(): Promise<void>;
}

export interface JobStart {
  readonly settings?: readonly string[];
  /** Name of the run, for commands whose runs the user names. */
  readonly name?: string;
  /** Whether to continue the run named `name`, with the original settings of that run. */
  readonly continues?: boolean;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
}

/** Opens the job queue of a project and starts to run its jobs. The caller must hold the project's lock. */
export async function openJobs(project: Project, options: JobsOptions & { database: OpenDatabase }): Promise<Jobs> {
  const { database, overrides = [], heartbeatMs = 15_000, idleMs = 2000, program, isStudio = true } = options;
  const { leaseSeconds = DEFAULT_LEASE_SECONDS, onError = () => {}, onRun = () => {} } = options;
  const queue = await openJobQueue(database, options);
  const workers = await openWorkers(database, { leaseSeconds, isStudio });
  const listeners = new Map<string, Set<(job: Job) => void>>();
  const tell = (job: Job) => {
    for (const listener of listeners.get(job.id) ?? []) listener(job);
  };
  await workers.beat();
  const here = { isStudio, overrides, idleMs, heartbeatMs, leaseSeconds, program };
  const loop = startJobLoop(project, { queue, workers, ...here, onError, onRun, onChange: tell });

  const runsHere = (id: string) => loop.current()?.id === id;
  const live = (job: Job, living: readonly WorkerStatus[]): Job => {
    if (runsHere(job.id)) return loop.current()!;
    const other = job.state === 'running' ? living.find((one) => one.job === job.id) : undefined;
    return other === undefined ? job : { ...job, worker: { host: other.host, pid: other.pid } };
  };
  const show = async (id: string) => {
    const job = await queue.get(id);
    return job && live(job, await workers.living());
  };

  const inTurn = createQueue();
  return {
    async all() {
      const living = await workers.living();
      return (await queue.list()).map((job) => live(job, living));
    },
    get: show,
    workers: workers.living,
    log: (id) => readJobLog(project, id),
    start(kind, { settings = [], name, continues = false, args = [] } = {}) {
      return inTurn(async () => {
        const open = (await queue.list()).filter((job) => !hasEnded(job));
        if (!mayStart(kind, { open, workers: await workers.living() })) return undefined;
        const id = await queue.send({
          kind,
          settings,
          ...(name === undefined ? {} : { name }),
          ...(continues ? { continues } : {}),
          ...(args.length === 0 ? {} : { args }),
        });
        loop.wake();
        return queue.get(id);
      });
    },
    async stop(id) {
      const isCancelled = await queue.cancel(id);
      if (runsHere(id)) loop.stop();
      else if (isCancelled) tell((await queue.get(id))!);
      return isCancelled;
    },
    watch(id, listener) {
      const watching = listeners.get(id) ?? new Set();
      listeners.set(id, watching.add(listener));
      // The database is the only source for the state of other workers' jobs.
      const poll = setInterval(() => {
        if (!runsHere(id)) void show(id).then((job) => job && listener(job), onError);
      }, idleMs);
      poll.unref();
      return () => {
        clearInterval(poll);
        watching.delete(listener);
        if (watching.size === 0) listeners.delete(id);
      };
    },
    async close() {
      await loop.close();
      await workers.leave().catch(onError);
      await queue.close();
    },
  };
}

/**
 * Whether a job may start. Short jobs (see `QUEUED_KINDS`) may wait, up to `MOST_WAITING` of them. Of all other jobs,
 * no more may be unfinished than there are workers.
 */
function mayStart(
  kind: JobKind,
  { open, workers }: { open: readonly Job[]; workers: readonly WorkerStatus[] },
): boolean {
  const isShort = QUEUED_KINDS.includes(kind);
  const counted = open.filter((job) => QUEUED_KINDS.includes(job.kind) === isShort);
  if (isShort) return counted.length < MOST_WAITING;
  const others = workers.filter((worker) => !worker.isStudio).length;
  return counted.length < Math.max(1, others) && !counted.some((job) => excludes(job.kind, kind));
}

/**
 * Whether jobs of two kinds must not run at the same time: jobs of the same kind, and jobs that both generate images.
 */
function excludes(open: JobKind, kind: JobKind): boolean {
  const draws = (one: JobKind) => one === 'generate' || one === 'evaluate';
  return open === kind || (draws(open) && draws(kind));
}
