/**
 * The studio's one worker: takes jobs from the queue and runs each as a command in a process of its own, so that
 * training never runs beside the server. What a job is kept as is the queue's business.
 *
 * A job outlives the studio: closing gives it back (the command keeps its checkpoint), and a studio that was killed
 * leaves a claim, whose process the next one ends before it begins the job again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isProvedAlive, stateOf } from '@heed/diffusion/process-mark';
import { HeedError } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import type { OpenDatabase } from '../storage/database.ts';
import { type CommandEnd, type RunningCommand, startCommand } from './command.ts';
import { hasEnded, JOB_KINDS, type Job, type JobKind } from './job.ts';
import { type Claim, type JobQueue, type JobRecord, openJobQueue, type QueueOptions } from './queue.ts';

/** How long the process of a killed studio may take to write its checkpoint. */
const ORPHAN_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 100;

export interface JobsOptions extends QueueOptions {
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
  /** Undefined where another has not ended yet: two trainings at once would only slow each other down. */
  start(kind: JobKind, options?: { settings?: readonly string[]; name?: string }): Promise<Job | undefined>;
  /** Asks the command to stop; it keeps what is done. False where it has ended. */
  stop(id: string): Promise<boolean>;
  /** Calls `listener` with each new state until the returned function is called. */
  watch(id: string, listener: (job: Job) => void): () => void;
  /** Stops what runs, gives it back to the queue and waits for its end. */
  close(): Promise<void>;
}

interface Current {
  readonly claim: Claim;
  readonly command: RunningCommand;
  readonly job: Job;
}

/** Opens the queue of a project whose lock the caller holds, and begins to work. */
export async function openJobs(project: Project, options: JobsOptions & { database: OpenDatabase }): Promise<Jobs> {
  const { database, overrides = [], heartbeatMs = 15_000, idleMs = 2000, program, onError = () => {} } = options;
  const queue = await openJobQueue(database, options);
  const listeners = new Map<string, Set<(job: Job) => void>>();
  const closing = new AbortController();
  let current: Current | undefined;
  let wake = () => {};

  const live = (job: Job): Job =>
    current?.claim.id === job.id ? { ...current.job, state: 'running', ...current.command.output() } : job;
  const tell = (job: Job) => {
    for (const listener of listeners.get(job.id) ?? []) listener(job);
  };
  /** What the database refuses is tried again: a restart of the server must not cost a job its end. */
  const insist = async (write: () => Promise<unknown>) => {
    while (true) {
      try {
        await write();
        return;
      } catch (error) {
        onError(error);
        if (closing.signal.aborted) return;
        await sleep(1000, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };

  const run = async (claim: Claim) => {
    const job = (await queue.get(claim.id))!;
    const settings = [...overrides, ...claim.settings].flatMap((setting) => ['--set', setting]);
    const named = claim.name === undefined ? [] : ['--name', claim.name];
    const command = startCommand([...JOB_KINDS[claim.kind], '--project', project.folder, ...named, ...settings], {
      ...(program === undefined ? {} : { program }),
      onChange: () => current?.claim === claim && tell(live(job)),
      onDefect: (text) => onError(new HeedError(`heed ${claim.kind}: ${text}`)),
    });
    current = { claim, command, job };
    const record = (): JobRecord => ({
      ...command.output(),
      ...(command.mark === undefined ? {} : { process: command.mark }),
    });
    let beating = Promise.resolve();
    const beat = async () => {
      if (!(await queue.beat(claim, record()))) command.stop();
    };
    const beatOn = () => {
      beating = beating.then(beat).catch(onError);
    };
    beatOn();
    const heart = setInterval(beatOn, heartbeatMs);
    if (closing.signal.aborted) command.stop();
    tell(live(job));
    const end = await command.ended;
    clearInterval(heart);
    await beating;
    await insist(() => write(queue, { claim, end, record: record(), isClosing: closing.signal.aborted }));
    current = undefined;
    const ended = await queue.get(claim.id).catch(onError);
    if (ended) tell(ended);
  };

  const work = async () => {
    await insist(() => takeBackOrphans(queue));
    while (!closing.signal.aborted) {
      const claim = await queue.claim().catch(onError);
      if (claim) {
        await run(claim).catch(onError);
        continue;
      }
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([woken, sleep(idleMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})]);
    }
  };
  const maintenance = setInterval(() => void queue.maintain().catch(onError), 2 * heartbeatMs);
  maintenance.unref();
  const working = work();

  let starting: Promise<unknown> = Promise.resolve();
  return {
    all: async () => (await queue.list()).map(live),
    async get(id) {
      const job = await queue.get(id);
      return job && live(job);
    },
    start(kind, { settings = [], name } = {}) {
      const started = starting.then(async () => {
        if (current || (await queue.list()).some((job) => !hasEnded(job))) return undefined;
        const id = await queue.send(kind, settings, name);
        wake();
        return queue.get(id);
      });
      starting = started.catch(() => {});
      return started;
    },
    async stop(id) {
      const isCancelled = await queue.cancel(id);
      if (current?.claim.id === id) current.command.stop();
      else if (isCancelled) tell((await queue.get(id))!);
      return isCancelled;
    },
    watch(id, listener) {
      const watching = listeners.get(id) ?? new Set();
      listeners.set(id, watching.add(listener));
      return () => {
        watching.delete(listener);
        if (watching.size === 0) listeners.delete(id);
      };
    },
    async close() {
      closing.abort();
      clearInterval(maintenance);
      current?.command.stop();
      await working;
      await queue.close();
    },
  };
}

/** Writes how an attempt ended; where the claim is lost nothing is written. */
async function write(
  queue: JobQueue,
  options: { claim: Claim; end: CommandEnd; record: JobRecord; isClosing: boolean },
): Promise<void> {
  const { claim, end, record, isClosing } = options;
  if (end === 'done') await queue.complete(claim, record);
  else if (end === 'failed') await queue.end(claim, 'failed', record);
  else if (end === 'lost') await queue.lose(claim, record);
  else {
    const isWritten = isClosing ? await queue.release(claim, record) : await queue.end(claim, 'stopped', record);
    // Cancelled before its process ended, as usual.
    if (!isWritten) await queue.note(claim, record);
  }
}

/** What is claimed when a studio opens was a killed one's: its process is ended, then the job begins again. */
async function takeBackOrphans(queue: JobQueue): Promise<void> {
  for (const { claim, record } of await queue.claimed()) {
    const { process: orphan } = record;
    // Another host's process may still work on it; its lease decides.
    if (orphan && stateOf(orphan) === 'unknown') continue;
    // A process that is not proved to be the job's is never signalled.
    if (orphan && isProvedAlive(orphan)) {
      process.kill(orphan.pid, 'SIGTERM');
      for (let waited = 0; isProvedAlive(orphan) && waited < ORPHAN_WAIT_MS; waited += LOOK_EVERY_MS)
        await sleep(LOOK_EVERY_MS);
      if (isProvedAlive(orphan)) process.kill(orphan.pid, 'SIGKILL');
    }
    await queue.lose(claim, { ...record, error: 'the studio was ended while the command ran' });
  }
}
