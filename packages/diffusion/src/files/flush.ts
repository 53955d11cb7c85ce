/** Flushes files and folders to the disk, so that they survive a power cut. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Flushes a file's content to disk, after another function has written the file. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes a folder's list of file names to disk. Windows has no call to flush a folder and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Renames a file or folder and flushes the folder that holds the new name. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}
