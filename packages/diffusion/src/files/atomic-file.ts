/** Writes a whole file or nothing: a reader finds either the old content or the new content, even after a crash. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFile, syncFolder } from './flush.ts';

export interface AtomicWriteOptions {
  /**
   * Whether to flush the file before the rename and the folder after the rename, so that the file survives a power cut.
   * Default: true.
   */
  readonly durable?: boolean | undefined;
  /** Permissions of the file; by default those of the replaced file, or else the process's default. */
  readonly mode?: number | undefined;
  /** Whether to replace an existing file, even one that another process creates during the call. Default: true. */
  readonly replace?: boolean | undefined;
}

/**
 * Writes `content` to a temporary file beside `path`, then renames it. If `content` is a function, this function writes
 * the temporary file itself. If `path` is a symbolic link, the link's target is replaced. The folder must exist. After
 * an error, `path` is unchanged and no temporary file remains.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array | ((temporary: string) => Promise<void>),
  { durable = true, mode, replace = true }: AtomicWriteOptions = {},
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    if (typeof content === 'function') await content(temporary);
    else await create(temporary, content, mode);
    await takeRights(temporary, target, mode);
    if (durable) await syncFile(temporary);
    if (replace) await rename(temporary, target);
    else await linkWhereAbsent(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (durable) await syncFolder(dirname(target));
}

async function create(path: string, content: string | Uint8Array, mode: number | undefined): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
  } finally {
    await file.close();
  }
}

/** Copies the old file's permissions and owner to the new file; `mode` overrides the permissions. */
async function takeRights(temporary: string, target: string, mode: number | undefined): Promise<void> {
  const old = await stat(target).catch(() => undefined);
  const wanted = mode ?? old?.mode;
  if (wanted !== undefined) await chmod(temporary, wanted & 0o7777);
  // Only root may give files away, and need not where they are root's.
  if (old !== undefined && process.getuid?.() === 0 && old.uid !== 0) await chown(temporary, old.uid, old.gid);
}

/**
 * Gives the file its final name by a hard link. The system refuses the link if the name exists, so the first of two
 * concurrent writers wins.
 */
async function linkWhereAbsent(temporary: string, target: string): Promise<void> {
  await link(temporary, target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(temporary);
}
