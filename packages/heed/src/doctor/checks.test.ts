import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadClipFolder, loadModel } from '@heed/diffusion';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runGenerate } from '../generate/run.ts';
import { initProject } from '../project/init.ts';
import type { Project } from '../project/project.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { projectChecks, runChecks } from './checks.ts';

let root: string;
let paths: { model: string; clip: string };
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-doctor-'));
  paths = await writeRandomModels(root);
});
afterAll(() => rm(root, { recursive: true }));

let projects = 0;
const silent = () => ({ update: () => {}, done: () => {} });

async function projectWith(model: string, clip: string): Promise<Project> {
  return initProject(join(root, `project-${projects++}`), {
    overrides: [`model.path=${model}`, `model.clip=${clip}`, 'generate.promptLimit=1', 'generate.imagesPerPrompt=1'],
  });
}

async function found(project: Project, check: 'model' | 'clip') {
  const results = await runChecks(projectChecks(project).filter(([name]) => name === check));
  return results[0]!;
}

/** A copy of a folder with the text of one file changed. */
async function copyWith(folder: string, file: string, change: (text: string) => string): Promise<string> {
  const copy = join(root, `copy-${projects++}`);
  await cp(folder, copy, { recursive: true });
  const text = await readFile(join(copy, file), 'utf8');
  await writeFile(join(copy, file), change(text));
  return copy;
}

describe('doctor finds what the next command finds', () => {
  test('models that load are well', async () => {
    const project = await projectWith(paths.model, paths.clip);
    expect(await found(project, 'model')).toMatchObject({
      state: 'ok',
      found: `${paths.model}; pictures of 64 x 64 pixels`,
    });
    expect(await found(project, 'clip')).toMatchObject({ state: 'ok', found: paths.clip });
  });

  test.each<[string, string, (text: string) => string]>([
    [
      'a config that does not fit the weights',
      'text_encoder/config.json',
      (t) => t.replace(/"hidden_size": 16/, '"hidden_size": 8'),
    ],
    [
      'a schedule of another family',
      'scheduler/scheduler_config.json',
      (t) => t.replace('DDIMScheduler', 'FlowMatchEulerDiscreteScheduler'),
    ],
    ['a tokenizer that is cut off', 'tokenizer/vocab.json', (t) => t.slice(0, 100)],
    ['a U-Net of nine channels', 'unet/config.json', (t) => t.replace('"in_channels": 4', '"in_channels": 9')],
  ])('%s: the same sentence', async (_, file, change) => {
    const model = await copyWith(paths.model, file, change);
    const error = await loadModel(model).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(Error);
    const project = await projectWith(model, paths.clip);
    expect(await found(project, 'model')).toMatchObject({ state: 'failed', found: (error as Error).message });
  });

  test('a CLIP that does not load', async () => {
    const clip = await copyWith(paths.clip, 'preprocessor_config.json', (t) =>
      t.replace('"resample": 3', '"resample": 2'),
    );
    const error = await loadClipFolder(clip).catch((reason: Error) => reason);
    const project = await projectWith(paths.model, clip);
    expect(await found(project, 'clip')).toMatchObject({ state: 'failed', found: (error as Error).message });
  });
});

describe('what a later stage needs', () => {
  test('a CLIP that cannot be opened is told before anything is drawn', async () => {
    const clip = await copyWith(paths.clip, 'preprocessor_config.json', (t) => t);
    await rm(join(clip, 'preprocessor_config.json'));
    const project = await projectWith(paths.model, clip);
    await expect(runGenerate(project, {}, silent)).rejects.toThrow(/expected processor_config.json or preprocessor/);
    await rename(join(clip, 'config.json'), join(clip, 'config.jsonl'));
    await expect(runGenerate(project, {}, silent)).rejects.toThrow(/config.json: expected a readable file/);
  });

  test('of the hub is told, but for a hub that does not answer', async () => {
    vi.stubEnv('HF_HOME', join(root, 'home'));
    vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:1');
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    const project = await projectWith(paths.model, 'someone/clip');
    await expect(runGenerate(project, {}, silent)).rejects.toThrow(
      /^model.clip: someone\/clip: HF_HUB_OFFLINE is set, and the cache .* got none$/,
    );
    vi.stubEnv('HF_HUB_OFFLINE', '');
    const notes: string[] = [];
    const { images } = await runGenerate(project, { note: (text) => notes.push(text) }, silent);
    expect(images).toBe(1);
    expect(notes.join()).toMatch(/someone\/clip on .*: expected an answer, .*; heed reward will need it/);
    expect(await found(project, 'clip')).toMatchObject({
      state: 'warning',
      found: expect.stringMatching(/expected a snapshot of the model, got none; the first command that needs it/),
    });
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    expect((await found(project, 'clip')).state).toBe('failed');
    vi.unstubAllEnvs();
  });
});
