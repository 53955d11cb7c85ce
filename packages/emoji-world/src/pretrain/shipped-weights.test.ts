import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer, type Tokenizer } from '@heed/diffusion';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIP_FOLDER, TINY_MODEL_FOLDER } from '../paths.ts';
import { clipOptimisation, loadStageTokenizer } from './clip-stage.ts';
import { readScalingFactor } from './latent-shards.ts';
import { freshParameters } from './optimise.ts';
import { recogniserOptimisation } from './recogniser-stage.ts';
import { restoreShipped, shippedParameters } from './shipped-weights.ts';
import { SHIPPED_RECORD, trainingRecord } from './training-record.ts';
import { saveTraining } from './training-state.ts';
import { vaeOptimisation } from './vae-stage.ts';

let root: string;
const context = () => ({ root, seed: 0, threads: 1, signal: new AbortController().signal, print: () => {} });

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-shipped-'));
  await restoreShipped({ root });
});

afterAll(() => rm(root, { recursive: true, force: true }));

test('what is restored is what stages read of each other', async () => {
  const encode = (tokenizer: Tokenizer) => tokenizer.encode(['Two blue dogs.'], { maxLength: 24 });
  expect(encode(await loadStageTokenizer(context()))).toEqual(encode(await loadTokenizer(CLIP_FOLDER)));
  const { scaling_factor } = JSON.parse(await readFile(join(TINY_MODEL_FOLDER, 'vae', 'config.json'), 'utf8'));
  expect(await readScalingFactor(context())).toBe(scaling_factor);
});

test('the record of the shipped weights comes with them, and goes on', async () => {
  const shipped = JSON.parse(await readFile(SHIPPED_RECORD, 'utf8'));
  expect(await trainingRecord(context())).toEqual(shipped);
  const optimizer = { step: 7, parameters: new Map(), firstMoment: new Map(), secondMoment: new Map() };
  await saveTraining(join(root, 'clip'), { optimizer, trainedSeconds: 120 });
  const { trainings } = await trainingRecord(context());
  expect(trainings.slice(0, -1)).toEqual(shipped.trainings);
  expect(trainings.at(-1)).toMatchObject({ stage: 'clip', updates: 7, minutes: 2 });
});

test('files that are there stay', async () => {
  const path = join(root, 'vae', 'model.safetensors');
  await writeFile(path, 'mine');
  await restoreShipped({ root });
  expect(await readFile(path, 'utf8')).toBe('mine');
});

test('the shipped weights are those that the stages train', async () => {
  const shapes = (weights: ReadonlyMap<string, { shape: readonly number[] }>) =>
    Object.fromEntries([...weights].map(([name, { shape }]) => [name, shape]));
  const tokenizer = await loadStageTokenizer(context());
  const clip = freshParameters(await clipOptimisation({ seed: 0 }, tokenizer, { batchSize: 2 }), 0, 'clip');
  expect(shapes(await shippedParameters('clip'))).toEqual(shapes(clip));
  const vae = freshParameters(await vaeOptimisation({ seed: 0 }, 1), 0, 'vae');
  expect(shapes(await shippedParameters('vae'))).toEqual(shapes(vae));
  const recogniser = freshParameters(await recogniserOptimisation({ seed: 0 }, { batchSize: 1 }), 0, 'recogniser');
  expect(shapes(await shippedParameters('recogniser'))).toEqual(shapes(recogniser));
  await expect(shippedParameters('latents')).rejects.toThrow("--from-shipped takes a trained stage, not 'latents'");
});
