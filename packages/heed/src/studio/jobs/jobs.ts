/**
 * The studio's one worker: takes jobs from the queue and runs each as a command in a separate process, so that training
 * never runs beside the server. `queue.ts` decides how jobs are stored.
 *
 * A job outlives the studio: closing gives it back (the command keeps its checkpoint), and a studio that was killed
 * leaves a claim, whose process the next one ends before it begins the job again.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProvedAlive, stateOf } from '@heed/diffusion/process-mark';
import { HeedError } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import type { OpenDatabase } from '../storage/database.ts';
import { type CommandEnd, type RunningCommand, startCommand } from './command.ts';
import { hasEnded, JOB_KINDS, type Job, type JobKind, QUEUED_KINDS } from './job.ts';
import { openJobLog, readJobLog } from './job-log.ts';
import {
  type Claim,
  DEFAULT_LEASE_SECONDS,
  type JobQueue,
  type JobRecord,
  openJobQueue,
  type QueueOptions,
} from './queue.ts';
import { openWorkers, type WorkerStatus, type Workers } from './workers.ts';

/** How long the process of a killed studio may take to write its checkpoint. */
const ORPHAN_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** So many short jobs may wait. */
const MOST_WAITING = 20;

/** Shares of the lease after which a worker that the database does not hear stops its command, and ends it. */
const STOP_AT = 0.6;
const KILL_AT = 0.9;

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
  /** Go on with the settings that the run of that name was begun with. */
  readonly continues?: boolean;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
}

interface Current {
  readonly claim: Claim;
  readonly command: RunningCommand;
  readonly job: Job;
}

/** Opens the queue of a project whose lock the caller holds, and begins to work. */
export async function openJobs(project: Project, options: JobsOptions & { database: OpenDatabase }): Promise<Jobs> {
  const { database, overrides = [], heartbeatMs = 15_000, idleMs = 2000, program, isStudio = true } = options;
  const { leaseSeconds = DEFAULT_LEASE_SECONDS, onError = () => {}, onRun = () => {} } = options;
  const queue = await openJobQueue(database, options);
  const workers = await openWorkers(database, { leaseSeconds, isStudio });
  const listeners = new Map<string, Set<(job: Job) => void>>();
  const closing = new AbortController();
  let current: Current | undefined;
  let wake = () => {};

  const live = (job: Job, living: readonly WorkerStatus[] = []): Job => {
    if (current?.claim.id === job.id) return { ...current.job, state: 'running', ...current.command.output() };
    const worker = job.state === 'running' ? living.find((other) => other.job === job.id) : undefined;
    return worker === undefined ? job : { ...job, worker: { host: worker.host, pid: worker.pid } };
  };
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
    const own = { host: hostname(), pid: process.pid };
    const job: Job = { ...(await queue.get(claim.id))!, worker: own };
    const former = await workers.lastOf(claim.id);
    const log = openJobLog(project, claim.id);
    log.add(`attempt ${claim.attempt} of heed ${claim.kind}`);
    const command = startCommand(argumentsOf(claim, { project, overrides }), {
      ...(program === undefined ? {} : { program }),
      onLine: log.add,
      superseded: former?.process,
      onChange: () => current?.claim === claim && tell(live(job)),
      onDefect: (text) => onError(new HeedError(`heed ${claim.kind}: ${text}`)),
    });
    current = { claim, command, job };
    const record = (): JobRecord => ({
      ...command.output(),
      ...(command.mark === undefined ? {} : { process: command.mark }),
    });
    onRun(live(job));
    let beating = Promise.resolve();
    let heardAt = performance.now();
    let isUnheard = false;
    const beat = async () => {
      const askedAt = performance.now();
      await workers.beat({ job: claim.id, process: command.mark });
      if (await queue.beat(claim, record())) heardAt = askedAt;
      else command.stop();
    };
    const beatOn = () => {
      // Another takes the job when the lease is over: by then this command has to have ended.
      const silentShare = (performance.now() - heardAt) / (1000 * leaseSeconds);
      if (silentShare > STOP_AT) {
        isUnheard = true;
        if (silentShare > KILL_AT) command.kill();
        else command.stop();
      }
      beating = beating.then(beat).catch(onError);
    };
    beatOn();
    const heart = setInterval(beatOn, heartbeatMs);
    if (closing.signal.aborted) command.stop();
    tell(live(job));
    const end = await command.ended;
    log.add(command.output().error ?? end);
    await log.close();
    clearInterval(heart);
    await beating;
    await insist(() =>
      write(queue, { claim, end, record: record(), isGivenBack: isUnheard || closing.signal.aborted }),
    );
    current = undefined;
    await workers.beat().catch(onError);
    const ended = await queue.get(claim.id).catch(onError);
    if (ended) {
      tell(ended);
      onRun(ended);
    }
  };

  /** The studio leaves jobs to others where there are some. */
  const claimNext = async () => {
    if (isStudio && (await workers.living()).some((worker) => !worker.isStudio)) return undefined;
    return queue.claim();
  };
  const work = async () => {
    await insist(() => takeBackOrphans(queue, workers));
    while (!closing.signal.aborted) {
      const claim = await claimNext().catch(onError);
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
  const maintain = async () => {
    if (current === undefined) await workers.beat();
    await takeBackOrphans(queue, workers);
    await queue.maintain();
  };
  const maintenance = setInterval(() => void maintain().catch(onError), heartbeatMs);
  maintenance.unref();
  await workers.beat();
  const working = work();

  const show = async (id: string) => {
    const job = await queue.get(id);
    return job && live(job, await workers.living());
  };

  let starting: Promise<unknown> = Promise.resolve();
  return {
    async all() {
      const living = await workers.living();
      return (await queue.list()).map((job) => live(job, living));
    },
    get: show,
    workers: workers.living,
    log: (id) => readJobLog(project, id),
    start(kind, { settings = [], name, continues = false, args = [] } = {}) {
      const started = starting.then(async () => {
        const open = (await queue.list()).filter((job) => !hasEnded(job));
        const isShort = QUEUED_KINDS.includes(kind);
        const counted = open.filter((job) => QUEUED_KINDS.includes(job.kind) === isShort);
        const others = (await workers.living()).filter((worker) => !worker.isStudio).length;
        const most = isShort ? MOST_WAITING : Math.max(1, others);
        if (counted.length >= most || (!isShort && counted.some((job) => excludes(job.kind, kind)))) return undefined;
        const id = await queue.send({
          kind,
          settings,
          ...(name === undefined ? {} : { name }),
          ...(continues ? { continues } : {}),
          ...(args.length === 0 ? {} : { args }),
        });
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
      // What another worker does is known from the database alone.
      const poll = setInterval(() => {
        if (current?.claim.id !== id) void show(id).then((job) => job && listener(job), onError);
      }, idleMs);
      poll.unref();
      return () => {
        clearInterval(poll);
        watching.delete(listener);
        if (watching.size === 0) listeners.delete(id);
      };
    },
    async close() {
      closing.abort();
      clearInterval(maintenance);
      current?.command.stop();
      await working;
      await workers.leave().catch(onError);
      await queue.close();
    },
  };
}

function argumentsOf(
  { kind, name, continues, settings, args = [] }: Claim,
  { project, overrides }: { project: Project; overrides: readonly string[] },
): string[] {
  return [
    ...JOB_KINDS[kind],
    ...['--project', project.folder],
    ...(name === undefined ? [] : ['--name', name]),
    ...(continues ? ['--continue'] : []),
    ...args,
    // The studio's own would change what the run was begun with.
    ...[...(continues ? [] : overrides), ...settings].flatMap((setting) => ['--set', setting]),
  ];
}

/** Writes how an attempt ended; where the claim is lost nothing is written. */
async function write(
  queue: JobQueue,
  options: { claim: Claim; end: CommandEnd; record: JobRecord; isGivenBack: boolean },
): Promise<void> {
  const { claim, end, record, isGivenBack } = options;
  if (end === 'done') await queue.complete(claim, record);
  else if (end === 'failed') await queue.end(claim, 'failed', record);
  else if (end === 'lost') await queue.lose(claim, record);
  else {
    const isWritten = isGivenBack ? await queue.release(claim, record) : await queue.end(claim, 'stopped', record);
    // Cancelled before its process ended, as usual.
    if (!isWritten) await queue.note(claim, record);
  }
}

/** Jobs that one worker alone can do at a time: both kinds draw images. */
function excludes(open: JobKind, kind: JobKind): boolean {
  const draws = (one: JobKind) => one === 'generate' || one === 'evaluate';
  return open === kind || (draws(open) && draws(kind));
}

/** Claims of workers of this host that are proved dead: the command is ended, then the job begins again. */
async function takeBackOrphans(queue: JobQueue, workers: Workers): Promise<void> {
  for (const { claim, record } of await queue.claimed()) {
    const last = await workers.lastOf(claim.id);
    const orphan = last?.process ?? record.process;
    // Another host's process may still work on it, or this one, or another worker of this host; its lease decides.
    if (last === undefined || stateOf(last.worker) !== 'dead') continue;
    if (orphan && stateOf(orphan) === 'unknown') continue;
    // A process that is not proved to be the job's is never signalled.
    if (orphan && isProvedAlive(orphan)) {
      process.kill(orphan.pid, 'SIGTERM');
      for (let waited = 0; isProvedAlive(orphan) && waited < ORPHAN_WAIT_MS; waited += LOOK_EVERY_MS)
        await sleep(LOOK_EVERY_MS);
      if (isProvedAlive(orphan)) process.kill(orphan.pid, 'SIGKILL');
    }
    await queue.lose(claim, { ...record, error: 'the worker was ended while the command ran' });
  }
}
