/**
 * Commands of heed started from the pages: the same as on the command line, each in a process of its own, so that
 * training never runs beside the server. Their progress is what `--json` writes to stderr.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EXIT_CODES } from '../../errors.ts';
import type { Project } from '../../project/project.ts';

const HEED = fileURLToPath(new URL('../../../bin/heed.mjs', import.meta.url));
const NOTES_KEPT = 20;

/** What can be started, and its arguments. */
export const JOB_KINDS = {
  generate: ['generate'],
  reward: ['reward'],
  tune: ['tune'],
  evaluate: ['evaluate'],
  report: ['report'],
} as const satisfies Record<string, readonly string[]>;
export type JobKind = keyof typeof JOB_KINDS;

export interface JobProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly perSecond?: number;
  readonly leftSeconds?: number;
}

/** One run of a command, as it is by now. */
export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  /** 'waiting' is one that has not begun, or that begins again after its worker was lost. */
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped';
  /** Settings of this run alone, as `--set` takes them. */
  readonly settings: readonly string[];
  /** How often it was begun. */
  readonly attempt: number;
  /** When it was asked for. */
  readonly createdAt: string;
  /** When it last began; when it was asked for while it waits. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly progress?: JobProgress;
  /** Remarks of the command, the newest last. */
  readonly notes: readonly string[];
  /** Why it failed. */
  readonly error?: string;
}

export interface Jobs {
  /** All since the studio was started, the newest first. */
  all(): Job[];
  get(id: string): Job | undefined;
  /** Undefined where one is running already: two trainings at once would only slow each other down. */
  start(kind: JobKind, options?: { settings?: readonly string[] }): Job | undefined;
  /** Asks the command to stop; it keeps what is done. False where it is not running. */
  stop(id: string): boolean;
  /** Calls `listener` with each new state until the returned function is called. */
  watch(id: string, listener: (job: Job) => void): () => void;
  /** Stops what runs and waits for its end. */
  stopAll(): Promise<void>;
}

export function createJobs(project: Project, options: { overrides?: readonly string[] } = {}): Jobs {
  const { overrides = [] } = options;
  const jobs = new Map<string, Job>();
  const children = new Map<string, ChildProcess>();
  const listeners = new Map<string, Set<(job: Job) => void>>();
  const change = (id: string, changes: Partial<Job>) => {
    const job = { ...jobs.get(id)!, ...changes };
    jobs.set(id, job);
    for (const listener of listeners.get(id) ?? []) listener(job);
  };
  const stop = (id: string) => children.get(id)?.kill('SIGTERM') ?? false;

  return {
    all: () => [...jobs.values()].reverse(),
    get: (id) => jobs.get(id),
    stop,
    start(kind, { settings = [] } = {}) {
      if (children.size > 0) return undefined;
      const id = `${kind}-${jobs.size + 1}`;
      const now = new Date().toISOString();
      jobs.set(id, { id, kind, state: 'running', settings, attempt: 1, createdAt: now, startedAt: now, notes: [] });
      const set = [...overrides, ...settings].flatMap((setting) => ['--set', setting]);
      const args = [HEED, ...JOB_KINDS[kind], '--json', '--project', project.folder, ...set];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      children.set(id, child);
      createInterface({ input: child.stderr }).on('line', (line) => change(id, changesOf(line, jobs.get(id)!)));
      const end = (changes: Partial<Job>) => {
        if (!children.delete(id)) return;
        change(id, { endedAt: new Date().toISOString(), ...changes });
      };
      child.once('error', (error) => end({ state: 'failed', error: error.message }));
      // 'close', not 'exit': the last lines on stderr say why.
      child.once('close', (code) => {
        if (code === EXIT_CODES.ok) end({ state: 'done' });
        else if (code === EXIT_CODES.interrupted || code === null) end({ state: 'stopped' });
        else end({ state: 'failed', error: jobs.get(id)!.error ?? `the command ended with ${code}` });
      });
      return jobs.get(id);
    },
    watch(id, listener) {
      const watching = listeners.get(id) ?? new Set();
      listeners.set(id, watching.add(listener));
      return () => watching.delete(listener);
    },
    async stopAll() {
      await Promise.all(
        [...children].map(([id, child]) => {
          const ended = once(child, 'close');
          stop(id);
          return ended;
        }),
      );
    },
  };
}

/** What a line of the command's stderr says. */
function changesOf(line: string, { notes }: Job): Partial<Job> {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line) as Record<string, unknown>;
  } catch {
    // Libraries write here in words of their own.
    return {};
  }
  const { progress, done, total, perSecond, leftSeconds, note, error } = value;
  if (typeof progress === 'string' && typeof done === 'number' && typeof total === 'number') {
    return {
      progress: {
        label: progress,
        done,
        total,
        ...(typeof perSecond === 'number' ? { perSecond } : {}),
        ...(typeof leftSeconds === 'number' ? { leftSeconds } : {}),
      },
    };
  }
  if (typeof note === 'string') return { notes: [...notes, note].slice(-NOTES_KEPT) };
  return typeof error === 'string' ? { error } : {};
}
