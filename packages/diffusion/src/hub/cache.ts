/**
 * The layout of Hugging Face's cache, shared with huggingface_hub, transformers and diffusers: `blobs/<hash>`,
 * `refs/<revision>` (a file with a commit's hash), and `snapshots/<commit>/<path>` (links to blobs). Downloads nothing.
 */
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { writeTextFile } from '../checkpoint/json-file.ts';

/** The folder of one model in the cache. */
export function repoFolder(cacheFolder: string, repo: string): string {
  return join(cacheFolder, `models--${repo.replaceAll('/', '--')}`);
}

/**
 * The snapshot folder of `revision` (a commit, or a branch or tag that the cache knows), even if files are missing.
 * Undefined without such a folder.
 */
export async function findSnapshot(folder: string, revision: string): Promise<string | undefined> {
  const commit = isCommit(revision)
    ? revision
    : await readFile(join(folder, 'refs', revision), 'utf8').then(
        (text) => text.trim(),
        () => undefined,
      );
  if (commit === undefined || !isCommit(commit)) return undefined;
  const snapshot = join(folder, 'snapshots', commit);
  return (await stat(snapshot).catch(() => undefined))?.isDirectory() ? snapshot : undefined;
}

export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** Records in the cache to which commit a branch or tag points. */
export async function writeRef(folder: string, revision: string, commit: string): Promise<void> {
  if (revision !== commit) await writeTextFile(join(folder, 'refs', revision), commit);
}

/** Paths, with forward slashes, of the files in a snapshot whose blobs exist. */
export async function snapshotFiles(snapshot: string): Promise<string[]> {
  const paths = await readdir(snapshot, { recursive: true });
  const found: string[] = [];
  for (const path of paths) {
    if ((await stat(join(snapshot, path)).catch(() => undefined))?.isFile()) found.push(path.replaceAll('\\', '/'));
  }
  return found;
}

/**
 * Makes `snapshots/<commit>/<path>` point to the blob: by a relative link, or by a copy if links are not possible
 * (Windows).
 */
export async function linkBlob({ blob, pointer }: { blob: string; pointer: string }): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  await rm(pointer, { force: true });
  await symlink(relative(dirname(pointer), blob), pointer).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    return copyFile(blob, pointer);
  });
}
