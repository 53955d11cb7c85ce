/**
 * Takes jobs from the queue, one at a time, and runs each as a command in a separate process. `queue.ts` decides how
 * jobs are stored.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeedError } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { type CommandEnd, type RunningCommand, startCommand } from './command.ts';
import { JOB_KINDS, type Job } from './job.ts';
import { openJobLog } from './job-log.ts';
import { keepLease, type LeaseOptions } from './lease-keeper.ts';
import { takeBackOrphans } from './orphans.ts';
import type { Claim, JobQueue, JobRecord } from './queue.ts';

export interface JobLoopOptions extends LeaseOptions {
  /**
   * Whether this process is the studio. The studio leaves all jobs to other workers while any of the workers is alive.
   */
  readonly isStudio: boolean;
  readonly overrides: readonly string[];
  readonly idleMs: number;
  readonly program?: string | undefined;
  readonly onRun: (job: Job) => void;
  /** Called with each new state of the job that this process runs. */
  readonly onChange: (job: Job) => void;
}

export interface JobLoop {
  /** The job that this process runs, with the output of the job's command so far. */
  current(): Job | undefined;
  /** Asks the command of the current job to stop. */
  stop(): void;
  /** Checks the queue for a job at once. */
  wake(): void;
  /** Stops the current command, returns its job to the queue, and waits until the command has ended. */
  close(): Promise<void>;
}

interface Current {
  readonly claim: Claim;
  readonly command: RunningCommand;
  readonly job: Job;
}

/** Starts the loop. */
export function startJobLoop(project: Project, options: JobLoopOptions): JobLoop {
  const { queue, workers, isStudio, idleMs, heartbeatMs, onError, onRun, onChange } = options;
  const closing = new AbortController();
  let running: Current | undefined;
  let wake = () => {};

  const current = (): Job | undefined => running && { ...running.job, state: 'running', ...running.command.output() };
  const pause = (milliseconds: number) =>
    sleep(milliseconds, undefined, { signal: closing.signal, ref: false }).catch(() => {});
  /**
   * Retries a database write until the write succeeds, so that a restart of the database server loses no job's outcome.
   */
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
    const attempt = await startAttempt(claim, project, {
      ...options,
      onChange: () => running?.claim === claim && onChange(current()!),
    });
    const { command, record, log } = attempt;
    running = attempt;
    onRun(current()!);
    const lease = keepLease(attempt, options);
    if (closing.signal.aborted) command.stop();
    onChange(current()!);
    const end = await command.ended;
    log.add(command.output().error ?? end);
    await log.close();
    await lease.stop();
    await insist(() =>
      writeEnd(queue, { claim, end, record: record(), isGivenBack: lease.isUnheard() || closing.signal.aborted }),
    );
    running = undefined;
    await workers.beat().catch(onError);
    const ended = await queue.get(claim.id).catch(onError);
    if (ended) {
      onChange(ended);
      onRun(ended);
    }
  };

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
      await Promise.race([woken, pause(idleMs)]);
    }
  };
  const maintain = async () => {
    if (running === undefined) await workers.beat();
    await takeBackOrphans(queue, workers);
    await queue.maintain();
  };
  const maintenance = setInterval(() => void maintain().catch(onError), heartbeatMs);
  maintenance.unref();
  const working = work();

  return {
    current,
    stop: () => running?.command.stop(),
    wake: () => wake(),
    async close() {
      closing.abort();
      clearInterval(maintenance);
      running?.command.stop();
      await working;
    },
  };
}

interface Attempt extends Current {
  readonly record: () => JobRecord;
  readonly log: ReturnType<typeof openJobLog>;
}

/**
 * Starts the command of a claimed job. The command ignores locks that the process of an earlier attempt still holds.
 */
async function startAttempt(
  claim: Claim,
  project: Project,
  {
    queue,
    workers,
    overrides,
    program,
    onChange,
    onError,
  }: Omit<JobLoopOptions, 'onChange'> & { onChange: () => void },
): Promise<Attempt> {
  const startedAt = new Date().toISOString();
  const job: Job = { ...(await queue.get(claim.id))!, worker: { host: hostname(), pid: process.pid }, startedAt };
  const former = await workers.lastOf(claim.id);
  const log = openJobLog(project, claim.id);
  log.add(`attempt ${claim.attempt} of heed ${claim.kind}`);
  const command = startCommand(argumentsOf(claim, { project, overrides }), {
    ...(program === undefined ? {} : { program }),
    onLine: log.add,
    superseded: former?.process,
    onChange,
    onDefect: (text) => onError(new HeedError(`heed ${claim.kind}: ${text}`)),
  });
  const record = (): JobRecord => ({
    ...command.output(),
    startedAt,
    ...(command.mark === undefined ? {} : { process: command.mark }),
  });
  return { claim, command, job, record, log };
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
    // A resumed run must not get the studio's own settings, which may differ from those it was started with.
    ...[...(continues ? [] : overrides), ...settings].flatMap((setting) => ['--set', setting]),
  ];
}

/** Records how an attempt ended. If the claim is lost, nothing is written. */
async function writeEnd(
  queue: JobQueue,
  options: { claim: Claim; end: CommandEnd; record: JobRecord; isGivenBack: boolean },
): Promise<void> {
  const { claim, end, record, isGivenBack } = options;
  if (end === 'done') await queue.complete(claim, record);
  else if (end === 'failed') await queue.end(claim, 'failed', record);
  else if (end === 'lost') await queue.lose(claim, record);
  else {
    const isWritten = isGivenBack ? await queue.release(claim, record) : await queue.end(claim, 'stopped', record);
    // The job was cancelled before its process ended, which is the usual order.
    if (!isWritten) await queue.note(claim, record);
  }
}
