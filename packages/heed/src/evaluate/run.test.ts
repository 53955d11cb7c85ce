// What is wrong with a model to evaluate is told before the first image is drawn.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createImageStore } from '../images/index.ts';
import { silentProgress } from '../progress/index.ts';
import { initProject } from '../project/init.ts';
import type { Project } from '../project/project.ts';
import { runEvaluate } from './run.ts';

let folder: string;
let project: Project;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-evaluate-'));
  project = await initProject(folder, { overrides: ['evaluate.promptLimit=1', 'sample.steps=1'] });
  const broken = join(project.paths.models, 'broken');
  await mkdir(broken, { recursive: true });
  await writeFile(join(broken, 'model_index.json'), '{');
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  [['tuned'], "model must be one of base, broken, there is no 'tuned'"],
  [['broken'], 'model_index.json: expected JSON, got text that does not parse'],
  [['base'], "expected models other than the baseline, got 'base' for both"],
])('refuses %j before it draws', async (models, sentence) => {
  await expect(runEvaluate(project, { models }, silentProgress)).rejects.toThrow(sentence);
  expect(createImageStore(project.paths.images).all()).toEqual([]);
});
