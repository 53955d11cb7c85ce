/**
 * Checkpoints as folders `step-00000100/` under one root folder, intact even when the process is killed at any moment.
 * The caller decides the contents; this module ensures that a checkpoint on disk is complete.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { renameDurably, syncFile, syncFolder } from '@heed/diffusion/files';
import { isBadInput } from '../errors.ts';
import { verifyManifest, writeManifest } from './manifest.ts';

const TEMPORARY_PREFIX = '.writing-';

/** A complete checkpoint on disk. */
export interface Checkpoint {
  folder: string;
  step: number;
}

/**
 * Saves the checkpoint of training step `step` and keeps only the newest `keep` checkpoints (at least 1). The files are
 * written into a temporary folder and flushed, then the folder is renamed and the manifest written. Older checkpoints
 * are deleted only after the new one was read back and verified. A failure leaves every older checkpoint as it was.
 */
export async function saveCheckpoint(
  root: string,
  options: { step: number; keep?: number; write: (folder: string) => Promise<void> },
): Promise<Checkpoint> {
  const { step, keep = 1, write } = options;
  await mkdir(root, { recursive: true });
  const temporary = join(root, `${TEMPORARY_PREFIX}${process.pid}-${step}`);
  const folder = join(root, folderName(step));
  // Saved before and whole (a resumed run with nothing left to do): rewriting it could only lose it.
  if (await isWhole(folder)) return { folder, step };
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  try {
    await write(temporary);
    for (const name of await readdir(temporary)) await syncFile(join(temporary, name));
    await syncFolder(temporary);
    // A folder of this name can only be a torn attempt.
    await rm(folder, { recursive: true, force: true });
    await renameDurably(temporary, folder);
    await writeManifest(folder, step);
  } catch (error) {
    // On a full disk it would take the room that the next attempt needs.
    for (const torn of [temporary, folder]) await rm(torn, { recursive: true, force: true });
    throw error;
  }
  await verifyManifest(folder);
  await deleteOlder(root, { newest: step, keep });
  return { folder, step };
}

/**
 * The newest checkpoint whose files match its manifest; undefined when there is no such checkpoint. Broken checkpoints
 * are skipped and reported to `onSkip`.
 */
export async function findLatestCheckpoint(
  root: string,
  options: { onSkip?: (sentence: string) => void } = {},
): Promise<Checkpoint | undefined> {
  for (const step of (await listSteps(root)).reverse()) {
    const folder = join(root, folderName(step));
    try {
      await verifyManifest(folder);
      return { folder, step };
    } catch (error) {
      if (!isBadInput(error)) throw error;
      options.onSkip?.(`${error.message}; it is passed over`);
    }
  }
  return undefined;
}

/** Deletes temporary leftovers, incomplete folders and all but the newest `keep` checkpoints. */
async function deleteOlder(root: string, options: { newest: number; keep: number }): Promise<void> {
  const names = await readdir(root);
  for (const name of names.filter((entry) => entry.startsWith(TEMPORARY_PREFIX))) {
    await rm(join(root, name), { recursive: true, force: true });
  }
  const older = (await listSteps(root)).filter((step) => step < options.newest).reverse();
  let whole = 1;
  for (const step of older) {
    const folder = join(root, folderName(step));
    if (whole < options.keep && (await isWhole(folder))) whole += 1;
    else await rm(folder, { recursive: true, force: true });
  }
}

async function isWhole(folder: string): Promise<boolean> {
  return verifyManifest(folder).then(
    () => true,
    (error: unknown) => {
      // What cannot be read now is not known to be torn, and must not be deleted for it.
      if (!isBadInput(error)) throw error;
      return false;
    },
  );
}

/** Steps that have a folder, complete or not, in ascending order. */
async function listSteps(root: string): Promise<number[]> {
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => /^step-(\d{8,})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function folderName(step: number): string {
  return `step-${String(step).padStart(8, '0')}`;
}
