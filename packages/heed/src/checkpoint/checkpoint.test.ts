// Checkpoints on a real file system: wholeness, damage, failure while writing, what is kept.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLatestCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { verifyManifest } from './manifest.ts';

const temporaryFolder = () => mkdtemp(join(tmpdir(), 'heed-checkpoint-'));

async function save(root: string, step: number, keep = 1) {
  return saveCheckpoint(root, {
    step,
    keep,
    write: (folder) => writeFile(join(folder, 'weights.bin'), new Uint8Array(1000).fill(step % 256)),
  });
}

describe('checkpoints', () => {
  it('keeps the newest and finds it', async () => {
    const root = await temporaryFolder();
    for (const step of [10, 20, 30]) await save(root, step, 2);
    expect((await readdir(root)).sort()).toEqual(['step-00000020', 'step-00000030']);
    const latest = await findLatestCheckpoint(root);
    expect(latest?.step).toBe(30);
    expect((await readFile(join(latest!.folder, 'weights.bin')))[0]).toBe(30);
    expect((await verifyManifest(latest!.folder)).files['weights.bin']?.bytes).toBe(1000);
  });

  it('finds none where there is none', async () => {
    expect(await findLatestCheckpoint(join(await temporaryFolder(), 'missing'))).toBeUndefined();
  });

  it.each([
    ['a flipped byte', (folder: string) => flipByte(join(folder, 'weights.bin')), /SHA-256/],
    ['a truncated file', (folder: string) => writeFile(join(folder, 'weights.bin'), 'short'), /bytes in weights.bin/],
    ['a missing file', (folder: string) => rm(join(folder, 'weights.bin')), /expected the file weights.bin/],
    ['a missing manifest', (folder: string) => rm(join(folder, 'manifest.json')), /not finished/],
    [
      'a damaged manifest',
      (folder: string) => writeFile(join(folder, 'manifest.json'), '{'),
      /got text that is not JSON/,
    ],
  ])('passes over a checkpoint with %s and says so', async (_, damage, reason) => {
    const root = await temporaryFolder();
    await save(root, 1, 2);
    const newest = await save(root, 2, 2);
    await damage(newest.folder);
    const skipped: string[] = [];
    const found = await findLatestCheckpoint(root, { onSkip: (sentence) => skipped.push(sentence) });
    expect(found?.step).toBe(1);
    expect(skipped).toHaveLength(1);
    expect(skipped[0]).toMatch(reason);
  });

  it('leaves the old one alone when writing fails', async () => {
    const root = await temporaryFolder();
    await save(root, 1);
    const failing = saveCheckpoint(root, {
      step: 2,
      write: async (folder) => {
        await writeFile(join(folder, 'weights.bin'), 'half');
        throw new Error('no space left');
      },
    });
    await expect(failing).rejects.toThrow('no space left');
    expect(await readdir(root)).toEqual(['step-00000001']);
    expect((await findLatestCheckpoint(root))?.step).toBe(1);
  });
});

async function flipByte(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[500] = bytes[500]! ^ 1;
  await writeFile(path, bytes);
}
