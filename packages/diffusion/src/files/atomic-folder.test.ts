// Folders that appear whole: what dead processes left is cleared or put back, what living ones are at is left alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { processMark, shortMark } from '../processes/process-mark.ts';
import { clearUnfinishedFolders, writeFolderAtomically } from './atomic-folder.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'heed-atomic-'));
});
afterEach(() => rm(parent, { recursive: true }));

const UUID = '00000000-0000-4000-8000-000000000000';
const write = (text: string, options?: { overwrite: boolean }) =>
  writeFolderAtomically(join(parent, 'm'), (folder) => writeFile(join(folder, 'weights'), text), options);
const content = () => readFile(join(parent, 'm', 'weights'), 'utf8');

/** A process that writes the folder and is killed once it has begun. */
async function writeAndDie(): Promise<void> {
  const program = `
    import { writeFileSync } from 'node:fs';
    const { writeFolderAtomically } = await import(${JSON.stringify(fileURLToPath(new URL('./atomic-folder.ts', import.meta.url)))});
    await writeFolderAtomically(process.argv[1], async (folder) => {
      writeFileSync(folder + '/weights', 'half');
      console.log('begun');
      await new Promise(() => setInterval(() => {}, 1000));
    }, { overwrite: true });`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', program, join(parent, 'm')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

it('clears what a killed process left, at the next writing and on request', async () => {
  await write('first');
  await writeAndDie();
  expect((await readdir(parent)).filter((name) => name.endsWith('.tmp'))).toHaveLength(1);
  expect(await content()).toBe('first');
  await write('second', { overwrite: true });
  expect(await readdir(parent)).toEqual(['m']);
  await writeAndDie();
  await clearUnfinishedFolders(parent);
  expect(await readdir(parent)).toEqual(['m']);
  expect(await content()).toBe('second');
});

it('puts back what was moved aside for a folder that never came', async () => {
  await mkdir(join(parent, `.m.999999999-1.${UUID}.old`));
  await writeFile(join(parent, `.m.999999999-1.${UUID}.old`, 'weights'), 'old');
  await clearUnfinishedFolders(parent);
  expect(await readdir(parent)).toEqual(['m']);
  expect(await content()).toBe('old');
});

it('leaves alone what living processes write, and names that are none of its own', async () => {
  const { pid, started = '' } = processMark(process.pid);
  const kept = [`.m.${pid}-${started}.${UUID}.tmp`, `.m.${UUID}.tmp`, '.hidden', 'other.tmp'];
  for (const name of kept) await mkdir(join(parent, name));
  // A process of another host, of which nothing is known here.
  kept.push(`.m.${shortMark({ pid: 999_999_999, started: '1', host: 'elsewhere' })}.${UUID}.tmp`);
  await mkdir(join(parent, kept.at(-1)!));
  // A process id that another process has by now.
  await mkdir(join(parent, `.m.${pid}-1.${UUID}.tmp`));
  await clearUnfinishedFolders(parent);
  expect((await readdir(parent)).sort()).toEqual(process.platform === 'linux' ? [...kept].sort() : expect.anything());
  await clearUnfinishedFolders(join(parent, 'missing'));
});
