import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processMark } from '@heed/diffusion/process-mark';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withEventSink } from '../feedback/event-sink.ts';
import { heldSince, initProject, takeLock, withAwaitedLock } from './index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const foreign = { ...processMark(process.pid), pid: 2 ** 22 + 1, host: 'node-7', command: 'tune', since: 'noon' };

describe('a lock of another host', () => {
  it('holds although no process of that id runs here, and its file is named', async () => {
    const path = join(folder, 'tune.lock');
    await writeFile(path, JSON.stringify(foreign));
    await expect(takeLock(folder, 'tune')).rejects.toThrow(
      `another process (${foreign.pid} on the host or container node-7) has been running \`heed tune\` on this project since noon, and only one can at a time; if that process has ended, which cannot be seen from here, remove ${path}`,
    );
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(foreign);
    expect(await heldSince(folder, 'tune')).toBeInstanceOf(Date);
    await rm(path);
    await (await takeLock(folder, 'tune')).release();
  });

  it('of a studio keeps a command from adding judgements beside it', async () => {
    const project = await initProject(join(folder, 'p'));
    await mkdir(project.paths.state, { recursive: true });
    await writeFile(join(project.paths.state, 'studio.lock'), JSON.stringify({ ...foreign, command: 'studio' }));
    await expect(withEventSink(project, async () => 1)).rejects.toThrow('on the host or container node-7');
  });
});

describe('a lock that is waited for', () => {
  it('is taken once its holder has ended; others are an error', async () => {
    const project = await initProject(join(folder, 'p'));
    const notes: string[] = [];
    const waiting = (isAwaited: boolean, signal?: AbortSignal) =>
      withAwaitedLock(
        project,
        'generate',
        { command: 'try', isAwaited: () => isAwaited, note: (text) => notes.push(text), signal, lookEveryMs: 10 },
        async () => 'done',
      );
    const held = await takeLock(project.paths.state, 'generate');
    await expect(waiting(false)).rejects.toThrow('has been running `heed generate` on this project');
    expect(notes).toEqual([]);
    const stopping = new AbortController();
    const stopped = waiting(true, stopping.signal);
    stopping.abort(new Error('stopped'));
    await expect(stopped).rejects.toThrow('stopped');
    notes.length = 0;
    const taken = waiting(true);
    await expect.poll(() => notes.length).toBe(1);
    expect(notes[0]).toMatch(
      /^waiting: another process \(\d+\) has been running `heed generate` on this project since /,
    );
    await held.release();
    expect(await taken).toBe('done');
    expect(notes.slice(1)).toEqual(['the wait is over']);
    expect(await heldSince(project.paths.state, 'generate')).toBeUndefined();
  });
});

const UNSHARE = ['--pid', '--fork', '--kill-child', '--uts', '--mount-proc'];

/** Arguments of `unshare` for a program that takes the lock in another pid namespace, as in another container. */
function inOtherPlace(then: string): string[] {
  const lock = fileURLToPath(new URL('./lock.ts', import.meta.url));
  const program = `const { takeLock } = await import(${JSON.stringify(lock)});
    await takeLock(${JSON.stringify(folder)}, 'tune'); ${then}`;
  return [...UNSHARE, process.execPath, '--import', 'tsx', '--input-type=module', '-e', program];
}

const canUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

describe.runIf(canUnshare)('two pid namespaces with one folder', () => {
  it('do not take each other for dead, although both call themselves process 1', async () => {
    const first = spawn('unshare', inOtherPlace("console.log('taken'); setInterval(() => {}, 1000);"));
    try {
      await once(first.stdout, 'data');
      expect(JSON.parse(await readFile(join(folder, 'tune.lock'), 'utf8')).pid).toBe(1);
      await expect(takeLock(folder, 'tune')).rejects.toThrow('remove');
      const second = spawnSync('unshare', inOtherPlace(''), { encoding: 'utf8' });
      expect(second.stderr).toContain('another process (1 on the host or container');
    } finally {
      first.kill('SIGKILL');
      await once(first, 'exit');
    }
  });
});
