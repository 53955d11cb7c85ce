/**
 * Locks between processes, also on different hosts. The file `<folder>/<name>.lock` names the process that holds the
 * lock. Another process takes a lock over only when the lock's holder is proved dead. The lock's age proves nothing.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type ProcessMark, processMark, stateOf } from './process-mark.ts';

const CLEARING_WAIT_MS = 10;
const ATTEMPTS = 100;

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

/** The process that holds a lock, and the command it runs. */
export interface LockHolder extends ProcessMark {
  readonly command: string;
  /** When the holder took the lock: ISO 8601, by the holder's clock. */
  readonly since: string;
  /** The lock's file. */
  readonly path: string;
  /** State of the holder; 'unknown' where the holder belongs to another host or container. */
  readonly state: 'alive' | 'unknown';
}

export interface TakeLockOptions {
  /** The command that the lock file names for other processes. */
  readonly command: string;
  /** Makes the error to throw when the lock's holder is not proved dead. */
  readonly onHeld: (holder: LockHolder) => Error;
  /** Returns true where the caller knows that a holder on another host has ended. */
  readonly isOver?: ((holder: LockHolder) => boolean) | undefined;
}

/** Takes the lock `<folder>/<name>.lock`. Throws the error that `onHeld` makes when another process holds the lock. */
export async function takeProcessLock(folder: string, name: string, options: TakeLockOptions): Promise<Lock> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.lock`);
  const mine = join(folder, `${name}.lock.${randomUUID()}`);
  const holder = { ...processMark(process.pid), command: options.command, since: new Date().toISOString() };
  const text = JSON.stringify(holder);
  // The file is written under another name first, so that no process sees half a lock.
  await writeFile(mine, text, { flag: 'wx' });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await linkIfFree(mine, path)) return { release: () => releaseOwn(path, text) };
      await clearIfDead(path, mine, { ...options, isPatient: attempt < ATTEMPTS / 2 });
    }
    throw options.onHeld((await lockHolder(folder, name)) ?? { ...holder, path, state: 'alive' });
  } finally {
    await rm(mine, { force: true });
  }
}

/** The holder of `<folder>/<name>.lock`; undefined when the lock is free or its holder is proved dead. */
export async function lockHolder(folder: string, name: string): Promise<LockHolder | undefined> {
  const path = join(folder, `${name}.lock`);
  return parseHolder((await readIfThere(path)) ?? '', path);
}

/**
 * The time at which the lock was taken; undefined when the lock is free. The time comes from the file system's clock,
 * so that it can be compared with the times of files that the holder writes.
 */
export async function lockedSince(folder: string, name: string): Promise<Date | undefined> {
  const holder = await lockHolder(folder, name);
  if (!holder) return undefined;
  // The holder may have released the lock by now.
  return (await stat(holder.path).catch(() => undefined))?.mtime;
}

async function linkIfFree(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (NO_LINKS.includes(code)) return copyIfFree(mine, path);
    if (code !== 'EEXIST') throw error;
    // NFS sends a request again whose answer was lost. The first one may have made the link: open(2), O_EXCL.
    return isSameFile(mine, path);
  }
}

/** Error codes for a hard link on file systems without hard links, such as exFAT and SMB. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Copies the lock file if the lock is free. The copy is empty for a moment; other processes wait until it has content.
 */
async function copyIfFree(mine: string, path: string): Promise<boolean> {
  try {
    await copyFile(mine, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const look = (path: string) => stat(path, { bigint: true }).catch(() => undefined);
  const [first, second] = await Promise.all([look(one), look(other)]);
  return first !== undefined && first.ino === second?.ino && first.dev === second?.dev;
}

/** With `isPatient`, an empty lock file is not removed, because another process may be about to fill it. */
async function clearIfDead(
  path: string,
  mine: string,
  { onHeld, isOver, isPatient }: TakeLockOptions & { isPatient: boolean },
): Promise<void> {
  const text = await readIfThere(path);
  if (text === undefined) return;
  if (text === '' && isPatient) {
    await setTimeout(CLEARING_WAIT_MS);
    return;
  }
  const holder = parseHolder(text, path);
  if (holder && !(holder.state === 'unknown' && isOver?.(holder))) throw onHeld(holder);
  // One process at a time may remove a dead lock. It reads the lock again first, because another process may have
  // replaced it.
  const clearing = `${path}.clearing`;
  if (!(await linkIfFree(mine, clearing))) {
    const other = await readIfThere(clearing);
    if (other !== undefined && !parseHolder(other, clearing)) await rm(clearing, { force: true });
    await setTimeout(CLEARING_WAIT_MS);
    return;
  }
  try {
    if ((await readIfThere(path)) === text) await rm(path, { force: true });
  } finally {
    await rm(clearing, { force: true });
  }
}

async function releaseOwn(path: string, text: string): Promise<void> {
  if ((await readIfThere(path)) === text) await rm(path, { force: true });
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Parses a lock file. Returns undefined when the text names no process, or names one that is proved dead. */
function parseHolder(text: string, path: string): LockHolder | undefined {
  let value: Partial<LockHolder>;
  try {
    value = JSON.parse(text) as Partial<LockHolder>;
  } catch {
    return undefined;
  }
  const { pid, command = '?', since = '?' } = value;
  if (typeof pid !== 'number' || !(pid > 0)) return undefined;
  const state = stateOf({ ...value, pid });
  return state === 'dead' ? undefined : { ...value, pid, command, since, path, state };
}
