/**
 * Writes folders atomically: a folder under its final name is always complete. A later call removes the unfinished
 * folders of killed processes, but not those of running processes.
 */

import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors.ts';
import { processMark, readShortMark, shortMark, stateOf } from '../processes/process-mark.ts';
import { syncFile, syncFolder } from './flush.ts';

/** Name of a temporary folder: `.<name>.<short mark of the process>.<uuid>.tmp`, or `.old` for a replaced folder. */
const BESIDE = /^\.(.+)\.([0-9a-f-]+)\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(tmp|old)$/;

/**
 * Lets `fill` write into a temporary folder beside `folder`, makes all of it durable, and renames it. An error or a
 * crash before the rename leaves `folder` as it was. With `overwrite`, an existing folder is moved aside first and
 * removed last. After a crash between moving the old folder aside and renaming the new one, `clearUnfinishedFolders`
 * restores the old folder.
 */
export async function writeFolderAtomically(
  folder: string,
  fill: (temporary: string) => Promise<void>,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<void> {
  const target = resolve(folder);
  const parent = dirname(target);
  await clearUnfinishedFolders(parent);
  const exists = existsSync(target);
  if (exists && !overwrite)
    throw new InputError(`${folder}: expected a folder that does not exist yet, got one that does`);
  await mkdir(parent, { recursive: true });
  const beside = join(parent, `.${basename(target)}.${shortMark(processMark(process.pid))}.${randomUUID()}`);
  const temporary = `${beside}.tmp`;
  try {
    await mkdir(temporary);
    await fill(temporary);
    await syncTree(temporary);
    if (exists) await rename(target, `${beside}.old`);
    try {
      await rename(temporary, target);
    } catch (error) {
      if (exists) await rename(`${beside}.old`, target);
      throw error;
    }
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await syncFolder(parent);
  if (exists) await rm(`${beside}.old`, { recursive: true, force: true });
}

/**
 * Cleans `parent` after processes that died while writing a folder in it. Unfinished folders are removed; a folder that
 * was moved aside for an unfinished one gets its old name back. A missing `parent` needs no cleaning.
 */
export async function clearUnfinishedFolders(parent: string): Promise<void> {
  const names = await readdir(parent).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const found of names) {
    const [, name, writer, kind] = BESIDE.exec(found) ?? [];
    const mark = readShortMark(writer ?? '');
    // A folder of another host stays: nothing here proves that its writer ended.
    if (name === undefined || !mark || stateOf(mark) !== 'dead') continue;
    const path = join(parent, found);
    const target = join(parent, name);
    if (kind === 'old' && !existsSync(target)) await rename(path, target);
    else await rm(path, { recursive: true, force: true });
  }
}

/** Flushes `folder` with every file and folder below it. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else await syncFile(path);
  }
  await syncFolder(folder);
}
