/**
 * The layout of Hugging Face's cache, shared with huggingface_hub, transformers and diffusers: `blobs/<hash>`,
 * `refs/<revision>` holding a commit, `snapshots/<commit>/<path>` linking to blobs. Downloads nothing.
 */
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { writeTextFile } from '../checkpoint/json-file.ts';

/** The folder of one model in the cache. */
export function repoFolder(cacheFolder: string, repo: string): string {
  return join(cacheFolder, `models--${repo.replaceAll('/', '--')}`);
}

/** The snapshot of `revision` (a commit or a known branch or tag), complete or not; undefined when there is none. */
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

/** Records the commit of a branch or tag. */
export async function writeRef(folder: string, revision: string, commit: string): Promise<void> {
  if (revision !== commit) await writeTextFile(join(folder, 'refs', revision), commit);
}

/** Paths of a snapshot's files whose blobs exist, with forward slashes. */
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
