// With the model that heed ships: a trained one, whose label can be wrong.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, StableDiffusionPipeline } from '@heed/diffusion';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeRandomModels } from '../testing/random-models.ts';
import { initProject } from './init.ts';
import { baseModelFolder } from './models.ts';
import { predictionNote } from './prediction-note.ts';
import type { Project } from './project.ts';

let root: string;
let project: Project;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-prediction-'));
  project = await initProject(join(root, 'project'));
});
afterAll(() => rm(root, { recursive: true }));

async function pipelineOf(folder: string, prediction: 'epsilon' | 'v_prediction') {
  const components = await loadModel(folder);
  const scheduler = { ...components.scheduler, prediction_type: prediction };
  return new StableDiffusionPipeline({ ...components, scheduler }, { threads: 1 });
}

test('a right label passes, a wrong one is told with the remedy, and both are remembered', async () => {
  const source = await baseModelFolder(project);
  await using right = await pipelineOf(source, 'epsilon');
  expect(await predictionNote(project, right, { source })).toBeUndefined();
  await using wrong = await pipelineOf(source, 'v_prediction');
  const note = await predictionNote(project, wrong, { source });
  expect(note).toMatch(/is labelled as predicting velocity \(v_prediction\), but it predicts noise \(epsilon\)/);
  expect(note).toContain(
    `"prediction_type": "epsilon" in ${join(source, 'scheduler', 'scheduler_config.json')} says so`,
  );
  const path = join(project.paths.state, 'predictions.json');
  expect(Object.keys(JSON.parse(await readFile(path, 'utf8')) as object).sort()).toEqual(
    [right.modelHash, wrong.modelHash].sort(),
  );
  await wrong.dispose(); // it cannot be asked again
  expect(await predictionNote(project, wrong, { source })).toBe(note);
  await writeFile(path, 'damaged');
  expect(await predictionNote(project, right, { source })).toBeUndefined();
});

test('a file is told to have a yaml file beside it', async () => {
  const source = await baseModelFolder(project);
  const file = join(root, 'v1.safetensors');
  await writeFile(file, 'a file');
  await using wrong = await pipelineOf(source, 'v_prediction');
  expect(await predictionNote(project, wrong, { source: file })).toContain(
    `${join(root, 'v1.yaml')} with the line 'parameterization: "eps"' says so`,
  );
});

test('nothing is said of a network that was never trained', async () => {
  const { model } = await writeRandomModels(root);
  for (const prediction of ['epsilon', 'v_prediction'] as const) {
    await using pipeline = await pipelineOf(model, prediction);
    expect(await predictionNote(project, pipeline, { source: model })).toBeUndefined();
  }
});
