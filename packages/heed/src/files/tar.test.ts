// A folder as a tar archive: its own size, and what the system's tar reads of it.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tarFolder } from './tar.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-tar-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('is read back whole, whatever the files are called and however long they are', async () => {
  const files = {
    'model_index.json': '{}',
    empty: '',
    'unet/weights.bin': 'x'.repeat(70_000),
    'a/512': 'y'.repeat(512),
    [`${'long-folder-name/'.repeat(6)}file.txt`]: 'far down',
    'grün.txt': 'ü',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, 'in', name, '..'), { recursive: true });
    await writeFile(join(folder, 'in', name), text);
  }
  const { bytes, content } = await tarFolder(join(folder, 'in'), { root: 'tuned' });
  const archive = join(folder, 'tuned.tar');
  await writeFile(archive, Readable.from(content));
  expect((await readFile(archive)).length).toBe(bytes);
  await promisify(execFile)('tar', ['xf', archive, '-C', folder]);
  for (const [name, text] of Object.entries(files)) {
    expect(await readFile(join(folder, 'tuned', name), 'utf8')).toBe(text);
  }
});
