// A file is whole or not there, whatever fails and however many write it, and keeps the permissions it had.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomically } from './atomic-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-atomic-file-'));
  path = join(folder, 'a.json');
});
afterEach(() => rm(folder, { recursive: true }));

const text = () => readFile(path, 'utf8');
const mode = async () => (await stat(path)).mode & 0o777;

describe.each([true, false])('durable: %s', (durable) => {
  it('replaces what is there by a text, by bytes, or by what a function writes', async () => {
    await writeFileAtomically(path, 'one', { durable });
    expect(await text()).toBe('one');
    await writeFileAtomically(path, new Uint8Array([0x32]), { durable });
    expect(await text()).toBe('2');
    await writeFileAtomically(path, (temporary) => writeFile(temporary, 'three'), { durable });
    expect(await text()).toBe('three');
    expect(await readdir(folder)).toEqual(['a.json']);
  });

  it('leaves the old file, and nothing else, where writing fails', async () => {
    await writeFileAtomically(path, 'old', { durable });
    const half = writeFileAtomically(
      path,
      async (temporary) => {
        await writeFile(temporary, 'ha');
        throw new Error('no space');
      },
      { durable },
    );
    await expect(half).rejects.toThrow('no space');
    expect(await text()).toBe('old');
    expect(await readdir(folder)).toEqual(['a.json']);
  });
});

it('leaves nothing where the name cannot be taken', async () => {
  await mkdir(join(path, 'inside'), { recursive: true });
  await expect(writeFileAtomically(path, 'x')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['a.json']);
});

it('leaves one whole file of many writers at once', async () => {
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
  await Promise.all(texts.map((each) => writeFileAtomically(path, each)));
  expect(texts).toContain(await text());
  expect(await readdir(folder)).toEqual(['a.json']);
});

it('with `replace: false` keeps the first of many writers', async () => {
  const write = (content: string) => writeFileAtomically(path, content, { replace: false });
  await Promise.all(['a', 'b', 'c'].map(write));
  const first = await text();
  await write('later');
  expect(['a', 'b', 'c']).toContain(first);
  expect(await text()).toBe(first);
  expect(await readdir(folder)).toEqual(['a.json']);
});

it.runIf(process.platform !== 'win32')('has the asked permissions, or those of the file it replaces', async () => {
  await writeFileAtomically(path, 'secret', { mode: 0o600 });
  expect(await mode()).toBe(0o600);
  await writeFileAtomically(path, 'secret 2');
  expect(await mode()).toBe(0o600);
  await chmod(path, 0o664);
  await writeFileAtomically(path, 'open', { durable: false });
  expect(await mode()).toBe(0o664);
});

it.runIf(process.platform !== 'win32')('writes the target of a link, which stays a link', async () => {
  await mkdir(join(folder, 'elsewhere'));
  const target = join(folder, 'elsewhere', 'b.json');
  await writeFile(target, 'old');
  await symlink(target, path);
  await writeFileAtomically(path, 'new');
  expect(await readFile(target, 'utf8')).toBe('new');
  expect((await readdir(folder)).sort()).toEqual(['a.json', 'elsewhere']);
  expect(await readdir(join(folder, 'elsewhere'))).toEqual(['b.json']);
});
