/**
 * Locks between processes: `.heed/<name>.lock` names the process that holds it. A lock whose process is dead is
 * taken over; age alone says nothing. Not for threads of one process.
 */
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isAlive, type ProcessMark, processMark } from '@heed/diffusion/process-mark';
import { HeedError } from '../errors.ts';
import type { Project } from './project.ts';

const CLEARING_WAIT_MS = 10;

/** A lock that is held. */
export interface Lock {
  release(): Promise<void>;
}

interface Holder extends ProcessMark {
  command: string;
  since: string;
}

/** Runs `work` while holding the lock; throws a sentence that names the holder where another process has it. */
export async function withLock<T>(project: Project, name: string, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(project.paths.state, name);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Takes `<folder>/<name>.lock` or throws; `command` is what others are told is running. */
export async function takeLock(folder: string, name: string, options: { command?: string } = {}): Promise<Lock> {
  const { command = name } = options;
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.lock`);
  const mine = join(folder, `${name}.lock.${process.pid}.${performance.now()}`);
  const holder: Holder = { ...processMark(process.pid), command, since: new Date().toISOString() };
  const text = JSON.stringify(holder);
  // Written whole under a name of its own first: a lock that can be seen is never half written.
  await writeFile(mine, text, { flag: 'wx' });
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await linkIfFree(mine, path)) return { release: () => releaseOwn(path, text) };
      await clearIfDead(path, mine);
    }
    throw new HeedError(`${path}: expected the lock to be free, other processes kept taking it`);
  } finally {
    await rm(mine, { force: true });
  }
}

/**
 * Since when a living process holds the lock; undefined where it is free. By the clock of the file system, so that what was
 * written under the lock is never older: that clock may stand some milliseconds behind the process's.
 */
export async function heldSince(folder: string, name: string): Promise<Date | undefined> {
  const path = join(folder, `${name}.lock`);
  const holder = parseHolder((await readIfThere(path)) ?? '');
  if (!holder || !isAlive(holder)) return undefined;
  // Let go of just now, it is held by nobody.
  return (await stat(path).catch(() => undefined))?.mtime;
}

async function linkIfFree(mine: string, path: string): Promise<boolean> {
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function clearIfDead(path: string, mine: string): Promise<void> {
  const text = await readIfThere(path);
  if (text === undefined) return;
  const holder = parseHolder(text);
  if (holder && isAlive(holder)) {
    throw new HeedError(
      `another process (${holder.pid}) has been running \`heed ${holder.command}\` on this project since ${holder.since}, and only one can at a time`,
    );
  }
  // Only who holds the clearing lock may remove a dead one, and looks again first: another may have done both already.
  const clearing = `${path}.clearing`;
  if (!(await linkIfFree(mine, clearing))) {
    const clearer = parseHolder((await readIfThere(clearing)) ?? '');
    if (clearer && !isAlive(clearer)) await rm(clearing, { force: true });
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

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    return typeof value.pid === 'number' && value.pid > 0
      ? { command: '?', since: '?', ...value, pid: value.pid }
      : undefined;
  } catch {
    return undefined;
  }
}
