// Append-only files under a full disk and many callers; tears and damage are tested where the files are used.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createJsonLinesWriter, readJsonLines } from './json-lines.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-lines-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('json lines', () => {
  it('keep the order of appends that nobody waited for', async () => {
    const path = join(folder, 'a.jsonl');
    const writer = createJsonLinesWriter(path, { fsync: true });
    const appends = Array.from({ length: 50 }, (_, i) => writer.append([i, `line ${i}\n`]));
    await Promise.all(appends);
    await writer.close();
    const { records, tornBytes } = readJsonLines(path, (value) => value);
    expect(records).toEqual(Array.from({ length: 50 }, (_, i) => [i, `line ${i}\n`]).flat());
    expect(tornBytes).toBe(0);
  });

  it('are empty where there is no file', () => {
    expect(readJsonLines(join(folder, 'none'), (value) => value)).toEqual({ records: [], wholeBytes: 0, tornBytes: 0 });
  });

  it('report a failed append to its caller and go on with the next', async () => {
    const writer = createJsonLinesWriter(join(folder, 'missing/a.jsonl'));
    await expect(writer.append([1])).rejects.toThrow('ENOENT');
    await expect(writer.append([2])).rejects.toThrow('ENOENT');
    await writer.close();
  });

  it.runIf(process.platform === 'linux')('say so where the disk is full', async () => {
    const writer = createJsonLinesWriter('/dev/full');
    await expect(writer.append([1])).rejects.toThrow('ENOSPC');
    await writer.close();
  });

  it('hold what was appended as soon as the append is done', async () => {
    const path = join(folder, 'b.jsonl');
    const writer = createJsonLinesWriter(path);
    await writer.append([{ a: 1 }]);
    expect(await readFile(path, 'utf8')).toBe('{"a":1}\n');
    await writer.close();
  });
});
