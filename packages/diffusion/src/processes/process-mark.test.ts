import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import {
  isProvedAlive,
  type ProcessMark,
  processMark,
  readShortMark,
  shortMark,
  startByPs,
  stateOf,
} from './process-mark.ts';

const own = processMark(process.pid);
const onLinux = it.runIf(process.platform === 'linux');

it('knows a process of this host while it runs, and after it ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  await once(child, 'spawn');
  const mark = processMark(child.pid!);
  expect(stateOf(mark)).toBe('alive');
  expect(stateOf(JSON.parse(JSON.stringify(mark)) as ProcessMark)).toBe('alive');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(stateOf(mark)).toBe('dead');
  expect(isProvedAlive(mark)).toBe(false);
});

onLinux('takes a process that ended for dead while its parent has not asked how', async () => {
  // `sleep` in place of the shell never asks. The child waits, so that its mark is made while it runs.
  const parent = spawn('bash', ['-c', 'read <&3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  const [text] = (await once(parent.stdout!, 'data')) as [Buffer];
  const mark = processMark(Number(text));
  expect(stateOf(mark)).toBe('alive');
  process.kill(mark.pid, 'SIGKILL');
  await expect.poll(() => stateOf(mark)).toBe('dead');
  // Its id is taken still.
  expect(() => process.kill(mark.pid, 0)).not.toThrow();
  parent.kill('SIGKILL');
});

it('proves nothing of a process on another host, whatever runs here under its id', () => {
  expect(stateOf({ ...own, host: 'elsewhere' })).toBe('unknown');
  expect(isProvedAlive({ ...own, host: 'elsewhere' })).toBe(false);
});

onLinux('takes a process of an earlier boot for dead only where the machine is proved the same', () => {
  const boot = '00000000-0000-0000-0000-000000000000';
  if (own.machine) expect(stateOf({ ...own, boot })).toBe('dead');
  expect(stateOf({ ...own, boot, machine: undefined })).toBe('unknown');
  expect(stateOf({ ...own, machine: 'f'.repeat(32) })).toBe(own.machine ? 'unknown' : 'alive');
});

onLinux('proves nothing of a process in another container of this host', () => {
  expect(stateOf({ ...own, pidNamespace: 'pid:[1]' })).toBe('unknown');
});

onLinux('knows that an id was given to another process', () => {
  expect(stateOf({ ...own, started: '1' })).toBe('dead');
});

it('signals no process of which the start is not known', () => {
  const { started: _, ...unproved } = own;
  expect(stateOf(unproved)).toBe('alive');
  expect(isProvedAlive(unproved)).toBe(false);
});

it('counts marks that an older heed wrote as local', () => {
  expect(stateOf({ pid: process.pid, started: own.started })).toBe('alive');
  expect(stateOf({ pid: 2 ** 22 + 7 })).toBe('dead');
});

it('writes a mark short enough for a file name and tells the same from it', () => {
  const text = shortMark(own);
  expect(text.length).toBeLessThanOrEqual(64);
  expect(stateOf(readShortMark(text)!)).toBe('alive');
  expect(stateOf(readShortMark(shortMark({ ...own, host: 'elsewhere' }))!)).toBe('unknown');
  expect(readShortMark('12-34')).toEqual({ pid: 12, started: '34' });
  expect(readShortMark('12-')).toEqual({ pid: 12 });
  for (const wrong of ['', 'x', '12', '12-34-zz', '-1-2']) expect(readShortMark(wrong)).toBeUndefined();
});

it.runIf(spawnSync('ps', ['-p', '1']).status === 0)('reads a start time from ps where there is no /proc', () => {
  const started = Number(startByPs(process.pid));
  expect(Math.abs(started - (Date.now() - process.uptime() * 1000))).toBeLessThan(5000);
  expect(startByPs(2 ** 22 + 7)).toBeUndefined();
});
