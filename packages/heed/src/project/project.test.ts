// Projects, runs and locks on a real disk, with real other processes where a lock needs them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { initProject, latestRunId, modelFolder, openProject, openRun, startRun, takeLock, withLock } from './index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-project-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('init', () => {
  it('makes a project that opens with what --set said', async () => {
    const made = await initProject(join(folder, 'a/b'), { overrides: ['tune.beta=0.25', 'seed=4', 'tune.dpo.beta=7'] });
    const opened = await openProject(join(folder, 'a/b'), { overrides: ['seed=5'] });
    expect(made.config.tune.beta).toBe(0.25);
    expect(made.config.tune.dpo.beta).toBe(7);
    expect([made.config.seed, opened.config.seed]).toEqual([4, 5]);
    expect((await readdir(made.folder)).sort()).toEqual(['.gitignore', 'heed.toml']);
  });

  it('keeps settings of sections within sections', async () => {
    const overrides = ['tune.method=dpo', 'tune.dpo.pretrainingWeight=0.5', 'evaluate.otherPrompts=["a bear"]'];
    const { config } = await initProject(join(folder, 'inner'), { overrides });
    expect(config.tune.dpo.pretrainingWeight).toBe(0.5);
    expect(config.evaluate.otherPrompts).toEqual(['a bear']);
  });

  it('touches nothing where there is a project or --set is wrong', async () => {
    await initProject(folder);
    await writeFile(join(folder, 'heed.toml'), '# mine');
    await expect(initProject(folder)).rejects.toThrow(
      'expected a folder without a project, found one; nothing was changed',
    );
    expect(await readFile(join(folder, 'heed.toml'), 'utf8')).toBe('# mine');
    await expect(initProject(join(folder, 'new'), { overrides: ['tune.x=1'] })).rejects.toThrow(
      "--set: unknown key 'tune.x'",
    );
    expect(existsSync(join(folder, 'new'))).toBe(false);
  });

  it('names what is wrong with a project that does not open', async () => {
    await expect(openProject(join(folder, 'none'))).rejects.toThrow('expected the settings of a project, found none');
    await writeFile(join(folder, 'heed.toml'), Buffer.from('# caf\xe9', 'latin1'));
    await expect(openProject(folder)).rejects.toThrow('heed.toml: expected text in UTF-8, got other bytes');
  });
});

describe('models', () => {
  it('are the base and the diffusers folders in models/', async () => {
    const project = await initProject(folder, { overrides: ['model.path=my-model'] });
    await mkdir(join(folder, 'models/tuned'), { recursive: true });
    await mkdir(join(folder, 'models/reward-default'));
    await writeFile(join(folder, 'models/tuned/model_index.json'), '{}');
    expect(await modelFolder(project, 'base')).toBe(join(folder, 'my-model'));
    expect(await modelFolder(project, 'tuned')).toBe(join(folder, 'models/tuned'));
    await expect(modelFolder(project, 'tunde')).rejects.toThrow(
      "model must be one of base, tuned, there is no 'tunde'; did you mean 'tuned'?",
    );
    await expect(modelFolder(project, 'reward-default')).rejects.toThrow('model must be one of base, tuned');
  });
});

describe('runs', () => {
  it('are numbered and keep the config that they used', async () => {
    const project = await initProject(folder, { overrides: ['tune.beta=0.125'] });
    expect((await startRun(project, { command: 'tune' })).id).toBe('tune-0001');
    await startRun(project, { command: 'evaluate' });
    const second = await startRun(project, { command: 'tune' });
    expect([second.id, await latestRunId(project, 'tune')]).toEqual(['tune-0002', 'tune-0002']);
    expect(await latestRunId(project, 'demo')).toBeUndefined();
    const text = await readFile(join(second.folder, 'heed.resolved.toml'), 'utf8');
    expect(parseConfig(text, { source: 'x' })).toEqual(project.config);
  });

  it('by name are taken up again; names are plain folders', async () => {
    const project = await initProject(folder);
    await startRun(project, { command: 'tune', name: 'mine' });
    expect((await startRun(project, { command: 'tune', name: 'mine' })).folder).toBe(openRun(project, 'mine').folder);
    for (const name of ['..', 'a/b', '', '.hidden', 'x'.repeat(65), 'a\0b']) {
      await expect(startRun(project, { command: 'tune', name })).rejects.toThrow(
        'the name of a run must be 1 to 64 letters',
      );
    }
    expect(() => openRun(project, 'none')).toThrow("there is no 'none'");
  });
});

describe('locks', () => {
  it('admit one at a time and let go at the end, however it ends', async () => {
    const project = await initProject(folder);
    await withLock(project, 'tune', async () => {
      await expect(withLock(project, 'tune', async () => 1)).rejects.toThrow(
        `another process (${process.pid}) has been running \`heed tune\` on this project since`,
      );
      expect(await withLock(project, 'label', async () => 2)).toBe(2);
    });
    await expect(withLock(project, 'tune', async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withLock(project, 'tune', async () => 3)).toBe(3);
    expect(await readdir(project.paths.state)).toEqual([]);
  });

  it('of a living process hold, of a dead one are taken over, also where its id is used again', async () => {
    const sleeper = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    await once(sleeper, 'spawn');
    const path = join(folder, 'tune.lock');
    const holder = { pid: sleeper.pid, command: 'tune', since: 'now' };
    await writeFile(path, JSON.stringify(holder));
    await expect(takeLock(folder, 'tune')).rejects.toThrow(`another process (${sleeper.pid})`);
    if (process.platform === 'linux') {
      await writeFile(path, JSON.stringify({ ...holder, started: '1' }));
      await (await takeLock(folder, 'tune')).release();
      await writeFile(path, JSON.stringify(holder));
    }
    sleeper.kill('SIGKILL');
    await once(sleeper, 'exit');
    const lock = await takeLock(folder, 'tune');
    expect(JSON.parse(await readFile(path, 'utf8')).pid).toBe(process.pid);
    await lock.release();
    await writeFile(path, 'garbage');
    await (await takeLock(folder, 'tune')).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('go to exactly one of many that want them at once, over a dead one', async () => {
    for (let round = 0; round < 20; round++) {
      await writeFile(
        join(folder, 'tune.lock'),
        JSON.stringify({ pid: 2 ** 22 + 1 + round, command: 'tune', since: '' }),
      );
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder, 'tune')));
      const held = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(held).toHaveLength(1);
      await held[0]!.release();
    }
  });
});
