/** Locks on file systems whose hard links differ from a local disk's. Other tests are in heed's `project/`. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { takeProcessLock } from './process-lock.ts';

const disk = vi.hoisted(() => ({
  hasLinks: true,
  /** Answers that NFS loses: the link is made, and the request that is sent again finds it there. */
  lostAnswers: 0,
}));
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  const link: typeof real.link = async (from, to) => {
    if (!disk.hasLinks) throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' });
    await real.link(from, to);
    if (disk.lostAnswers-- > 0) throw Object.assign(new Error('file already exists'), { code: 'EEXIST' });
  };
  return { ...real, link };
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-process-lock-'));
});
afterEach(async () => {
  Object.assign(disk, { hasLinks: true, lostAnswers: 0 });
  await rm(folder, { recursive: true });
});

const take = () =>
  takeProcessLock(folder, 'tune', { command: 'tune', onHeld: ({ pid }) => new Error(`process ${pid} holds it`) });

it('is held by the process whose link was made although the answer was lost', async () => {
  disk.lostAnswers = 1;
  const lock = await take();
  await expect(take()).rejects.toThrow(`process ${process.pid} holds it`);
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
});

it('is held by one process on a disk without hard links, also where a power cut left an empty file', async () => {
  disk.hasLinks = false;
  await writeFile(join(folder, 'tune.lock'), '');
  const taken = await Promise.allSettled(Array.from({ length: 20 }, take));
  const held = taken.filter((each) => each.status === 'fulfilled');
  expect(held).toHaveLength(1);
  for (const each of taken) {
    if (each.status === 'rejected') expect(String(each.reason)).toContain(`process ${process.pid} holds it`);
  }
  await held[0]!.value.release();
  expect(await readdir(folder)).toEqual([]);
  const dead = { pid: 2 ** 22 + 1, command: 'tune' };
  await writeFile(join(folder, 'tune.lock'), JSON.stringify(dead));
  await (await take()).release();
});
