/**
 * The studio's jobs: starts, lists, stops and watches them. Each runs as a command in a separate process, so that
 * training never runs beside the server (`job-loop.ts`).
 *
 * A job outlives the studio: closing gives it back (the command keeps its checkpoint), and a studio that was killed
 * leaves a claim, whose process the next one ends before it begins the job again.
 */
import { createQueue } from '@heed/diffusion/one-at-a-time';
import type { Project } from '../../project/project.ts';
import type { OpenDatabase } from '../storage/database.ts';
import { hasEnded, type Job, type JobKind, QUEUED_KINDS } from './job.ts';
import { readJobLog } from './job-log.ts';
import { startJobLoop } from './job-loop.ts';
import { DEFAULT_LEASE_SECONDS, openJobQueue, type QueueOptions } from './queue.ts';
import { openWorkers, type WorkerStatus } from './workers.ts';

/** So many short jobs may wait. */
const MOST_WAITING = 20;

export interface JobsOptions extends QueueOptions {
  /** False for a worker alone. The studio works itself only while no other worker lives. */
  readonly isStudio?: boolean;
  /** Told when an attempt begins here, and when it has ended. */
  readonly onRun?: (job: Job) => void;
  /** Settings for every command, as `--set` takes them. */
  readonly overrides?: readonly string[];
  readonly heartbeatMs?: number;
  /** How often an idle worker looks for jobs that are due again. */
  readonly idleMs?: number;
  /** What is run in place of heed's command line. */
  readonly program?: string;
  /** Told of what the database refuses; the worker goes on. */
  readonly onError?: (error: unknown) => void;
}

export interface Jobs {
  /** The newest first. */
  all(): Promise<Job[]>;
  get(id: string): Promise<Job | undefined>;
  /** All processes that take jobs, this one included. */
  workers(): Promise<WorkerStatus[]>;
  /**
   * Undefined where as many have not ended as there are workers, or one that this one would wait for. Short kinds wait
   * for their turn; undefined where too many do.
   */
  start(kind: JobKind, options?: JobStart): Promise<Job | undefined>;
  /** All that the command has said, a line each; empty where nothing is kept. */
  log(id: string): Promise<readonly string[]>;
  /** Asks the command to stop; it keeps what is done. False where it has ended. */
  stop(id: string): Promise<boolean>;
  /** Calls `listener` with each new state until the returned function is called. */
  watch(id: string, listener: (job: Job) => void): () => void;
  /** Stops what runs, gives it back to the queue and waits for its end. */
  close(): Promise<void>;
}

export interface JobStart {
  readonly settings?: readonly string[];
  /** Of the run, for commands that take one. */
  readonly name?: string;
  /** True continues the run of that name with the settings it was started with. */
  readonly continues?: boolean;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
}

/** Opens the queue of a project whose lock the caller holds, and begins to work. */
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
      // What another worker does is known from the database alone.
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

/** Short kinds wait for their turn. Of the others as many may be open as there are workers. */
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

/** Jobs that one worker alone can do at a time: both kinds draw images. */
function excludes(open: JobKind, kind: JobKind): boolean {
  const draws = (one: JobKind) => one === 'generate' || one === 'evaluate';
  return open === kind || (draws(open) && draws(kind));
}
