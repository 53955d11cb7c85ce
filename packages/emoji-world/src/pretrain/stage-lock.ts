// Keeps two processes from training one stage: both would write its state. A lock whose process is gone does not count.
import { mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@heed/diffusion/errors';

/** Takes the folder's lock; throws when a living process holds it. The returned function gives it back. */
export async function lockStage(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'lock');
  for (;;) {
    try {
      await writeFile(path, `${process.pid}`, { flag: 'wx' });
      return () => unlink(path).catch(() => undefined);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (holder > 0 && isAlive(holder))
        throw new InputError(`${folder} must be trained by one process at a time, process ${holder} is at it`);
      await unlink(path).catch(() => undefined);
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
