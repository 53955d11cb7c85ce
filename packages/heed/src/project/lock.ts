/**
 * A project's locks: `.heed/<name>.lock`, one for each command that must not run twice. Locks do not protect threads of
 * one process from each other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lock, type LockHolder, lockedSince, takeProcessLock } from '@heed/diffusion/process-lock';
import type { ProcessMark } from '@heed/diffusion/process-mark';
import { HeedError } from '../errors.ts';
import type { Project } from './project.ts';

/** The error when another process holds a lock. */
class HeldError extends HeedError {
  readonly holder: LockHolder;
  constructor(holder: LockHolder) {
    super(describeHolder(holder));
    this.holder = holder;
  }
}

/** Returns the lock's holder if `error` or one of its causes is a `HeldError`. */
export function holderOf(error: unknown): LockHolder | undefined {
  if (error instanceof HeldError) return error.holder;
  return error instanceof HeedError && error.cause !== undefined ? holderOf(error.cause) : undefined;
}

export type { Lock } from '@heed/diffusion/process-lock';
export { lockedSince as heldSince };

/**
 * Runs `work` while holding the lock. Throws when another process holds the lock; the message names the holder. Other
 * processes see `command` in the lock file.
 */
export async function withLock<T>(
  project: Project,
  name: string,
  work: () => Promise<T>,
  options: { command?: string } = {},
): Promise<T> {
  const lock = await takeLock(project.paths.state, name, options);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

export interface WaitOptions {
  /** The name of the command that holds the lock, for the messages of other processes. */
  readonly command: string;
  /** Whether to wait while this holder has the lock; with any other holder the call throws. */
  readonly isAwaited: (holder: LockHolder) => boolean;
  /** Called with a note for the user when a wait for a holder begins and when the wait is over. */
  readonly note?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly lookEveryMs?: number | undefined;
}

/**
 * Like `withLock()`, but waits while certain commands hold the lock. Rejects with the signal's reason when the signal
 * is aborted.
 */
export async function withAwaitedLock<T>(
  project: Project,
  name: string,
  options: WaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await awaitLock(project.paths.state, name, options);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

async function awaitLock(folder: string, name: string, options: WaitOptions): Promise<Lock> {
  const { command, isAwaited, note, signal, lookEveryMs = 500 } = options;
  let awaited: LockHolder | undefined;
  while (true) {
    signal?.throwIfAborted();
    try {
      const lock = await takeLock(folder, name, { command });
      if (awaited !== undefined) note?.('the wait is over');
      return lock;
    } catch (error) {
      if (!(error instanceof HeldError) || !isAwaited(error.holder)) throw error;
      if (error.holder.pid !== awaited?.pid) note?.(`waiting: ${error.message}`);
      awaited = error.holder;
    }
    // The loop's start handles an abort.
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
}

/** Takes `<folder>/<name>.lock` or throws. Other processes see `command` in the lock file. */
export async function takeLock(folder: string, name: string, options: { command?: string } = {}): Promise<Lock> {
  const { command = name } = options;
  return takeProcessLock(folder, name, {
    command,
    onHeld: (holder) => new HeldError(holder),
    isOver: isSuperseded,
  });
}

/**
 * Environment variable that names, as JSON, a process on another host whose job this process took over after the job's
 * lease. The other host's worker ends that process within the lease, so locks of that process are ignored.
 */
export const SUPERSEDED = 'HEED_SUPERSEDED_PROCESS';

function isSuperseded({ pid, started, host, boot }: LockHolder): boolean {
  const text = process.env[SUPERSEDED];
  if (text === undefined) return false;
  const former = JSON.parse(text) as ProcessMark;
  return former.pid === pid && former.started === started && former.host === host && former.boot === boot;
}

/**
 * The message for a lock that another process holds. For a lock of another host, the message says how to remove the
 * lock.
 */
export function describeHolder({ pid, host, command, since, path, state }: LockHolder): string {
  const where = state === 'unknown' ? ` on the host or container ${host ?? '?'}` : '';
  const clear =
    state === 'unknown' ? `; if that process has ended, which cannot be seen from here, remove ${path}` : '';
  return `another process (${pid}${where}) has been running \`heed ${command}\` on this project since ${since}, and only one can at a time${clear}`;
}
