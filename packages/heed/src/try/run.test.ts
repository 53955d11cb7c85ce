// Commands that draw and meet: a try waits for others and they for it; two that draw the same are an error.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runGenerate } from '../generate/run.ts';
import { createImageStore } from '../images/index.ts';
import { silentProgress } from '../progress/index.ts';
import { initProject, type Project, takeLock } from '../project/index.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { runTry } from './run.ts';
import { readTries } from './try-log.ts';

let folder: string;
let project: Project;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-try-'));
  const { model, clip } = await writeRandomModels(folder);
  const overrides = [`model.path=${model}`, `model.clip=${clip}`, 'threads=1', 'sample.steps=1'];
  project = await initProject(join(folder, 'project'), { overrides });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tryIt = (id: string, note?: (text: string) => void) =>
  runTry(
    project,
    { id, prompt: `${id}.`, models: ['base'], count: 1, bestOf: 0, reward: 'default', note },
    silentProgress,
  );
const generate = (note?: (text: string) => void) =>
  runGenerate(project, { prompts: paperTrainingPrompts().slice(0, 2), imagesPerPrompt: 2, note }, silentProgress);

it('tries and a drawing at once all come to their end', async () => {
  const notes: string[] = [];
  const note = (text: string) => notes.push(text);
  await Promise.all([tryIt('first', note), generate(note), tryIt('second', note)]);
  expect(notes.filter((text) => text.startsWith('waiting: another process')).length).toBeGreaterThanOrEqual(2);
  expect(
    readTries(project)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(['first', 'second']);
  const images = createImageStore(project.paths.images);
  expect([images.all({ set: 'train' }).length, images.all({ set: 'try' }).length]).toEqual([4, 2]);
});

it('a long command waits for a studio that takes pictures in, which is done at once', async () => {
  const takingIn = await takeLock(project.paths.state, 'generate', { command: 'studio' });
  const notes: string[] = [];
  const waiting = generate((text) => notes.push(text));
  await expect.poll(() => notes[0]).toContain('has been running `heed studio`');
  await takingIn.release();
  expect(await waiting).toMatchObject({ images: 4 });
});

it('a try waits for a long command, which waits for short ones alone', async () => {
  const drawing = await takeLock(project.paths.state, 'generate');
  await expect(generate()).rejects.toThrow('has been running `heed generate`');
  const notes: string[] = [];
  const tried = tryIt('third', (text) => notes.push(text));
  await expect.poll(() => notes[0]).toContain('waiting: another process');
  await drawing.release();
  expect((await tried).drawn[0]!.images).toHaveLength(1);
});
