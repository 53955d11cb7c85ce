/** Writes a whole folder or nothing: what is at the final name is always complete. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { syncFolder } from '../safetensors/write-safetensors.ts';

/**
 * Lets `fill` write into a temporary folder beside `folder`, makes all of it durable, and renames it. An error or a crash
 * before that leaves `folder` as it was. With `overwrite`, a folder that is there is moved aside first and removed last;
 * a crash between the two renames leaves it beside, as `.<name>.<uuid>.old`.
 */
export async function writeFolderAtomically(
  folder: string,
  fill: (temporary: string) => Promise<void>,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<void> {
  const target = resolve(folder);
  const parent = dirname(target);
  const exists = await stat(target).then(
    () => true,
    () => false,
  );
  if (exists && !overwrite) throw new Error(`${folder}: expected a folder that does not exist yet, got one that does`);
  await mkdir(parent, { recursive: true });
  const beside = join(parent, `.${basename(target)}.${randomUUID()}`);
  const temporary = `${beside}.tmp`;
  try {
    await mkdir(temporary);
    await fill(temporary);
    await syncTree(temporary);
    if (exists) await rename(target, `${beside}.old`);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await syncFolder(parent);
  if (exists) await rm(`${beside}.old`, { recursive: true, force: true });
}

/** Flushes every file and folder below `folder`, and itself. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else {
      const file = await open(path, 'r+');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }
  await syncFolder(folder);
}
