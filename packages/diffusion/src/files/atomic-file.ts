/** Writes a whole file or nothing: a reader finds the old content or the new one, also after a crash. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFile, syncFolder } from './flush.ts';

export interface AtomicWriteOptions {
  /** Flushes the file before it gets its name, and the name after that: it survives a power cut. Default true. */
  readonly durable?: boolean | undefined;
  /** Permissions. Default: those of the file that is replaced, or the process's own. */
  readonly mode?: number | undefined;
  /** False leaves a file that is there already, also one that another process writes meanwhile. Default true. */
  readonly replace?: boolean | undefined;
}

/**
 * Writes `content` to a temporary file beside `path` and gives it its name. A function writes the temporary file
 * itself. Of a link the target is written. The folder must exist. An error leaves what was at `path`, and nothing
 * beside it.
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

/** Gives the new file the permissions and the owner of the old one; `mode` goes before the old permissions. */
async function takeRights(temporary: string, target: string, mode: number | undefined): Promise<void> {
  const old = await stat(target).catch(() => undefined);
  const wanted = mode ?? old?.mode;
  if (wanted !== undefined) await chmod(temporary, wanted & 0o7777);
  // Only root may give files away, and need not where they are root's.
  if (old !== undefined && process.getuid?.() === 0 && old.uid !== 0) await chown(temporary, old.uid, old.gid);
}

/** A link is refused where the name is taken, so that the first of two writers at once wins. */
async function linkWhereAbsent(temporary: string, target: string): Promise<void> {
  await link(temporary, target).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(temporary);
}
