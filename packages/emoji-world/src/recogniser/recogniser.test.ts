import { createRandom, createTrainingStep } from '@heed/diffusion/autodiff';
import { expect, test } from 'vitest';
import { freshParameters } from '../pretrain/optimise.ts';
import { recogniserOptimisation } from '../pretrain/recogniser-stage.ts';
import { createSceneSource, sampleBalancedScene } from '../pretrain/scene-source.ts';
import { HEAD_NAMES, HEADS } from './labels.ts';
import { RECOGNISER_CONFIG } from './network.ts';
import { createRecogniser } from './recogniser.ts';
import { sharpnessOf } from './sharpness.ts';

const problem = await recogniserOptimisation({ seed: 0 }, { batchSize: 8 });
const parameters = freshParameters(problem, 0, 'recogniser');

test('the network learns a batch by heart', async () => {
  const training = await createTrainingStep({ ...problem, name: 'recogniser', parameters, threads: 1 });
  const batch = await problem.batchAt(0);
  const losses: number[] = [];
  for (let i = 0; i < 14; i++) losses.push((await training.step(batch, { learningRate: 2e-3 })).loss);
  training.dispose();
  expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
});

test('a recognition has one probability a class, and its guess is the likeliest', async () => {
  const scenes = await createSceneSource({ seed: 3, stream: 'test', sample: (random) => sampleBalancedScene(random) });
  const recogniser = await createRecogniser({ config: RECOGNISER_CONFIG, parameters, threads: 1 });
  const images = Array.from({ length: 35 }, (_, i) => scenes.draw(i).image);
  const recognitions = await recogniser.recognise(images);
  expect(recognitions).toHaveLength(35);
  for (const recognition of recognitions) {
    for (const head of HEAD_NAMES) {
      const p = recognition.probabilities[head];
      expect(p).toHaveLength(HEADS[head]);
      expect(p.reduce((total, value) => total + value, 0)).toBeCloseTo(1, 4);
    }
  }
  const [alone] = await recogniser.recognise([images[34]!]);
  expect(alone!.object).toBe(recognitions[34]!.object);
  await expect(recogniser.recognise([{ width: 32, height: 32, data: new Uint8Array(3 * 32 * 32) }])).rejects.toThrow(
    '64 x 64',
  );
  recogniser.dispose();
});

test('blur lowers sharpness, noise raises it', () => {
  const random = createRandom(0);
  const edge = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (Math.floor(i / 3) % 64 < 32 ? 0 : 255));
  const ramp = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => 4 * (Math.floor(i / 3) % 64));
  const noise = Uint8Array.from({ length: 64 * 64 * 3 }, () => random.integer(256));
  const [sharp, soft, noisy] = [edge, ramp, noise].map((data) => sharpnessOf({ width: 64, height: 64, data }));
  expect(soft).toBeLessThan(sharp!);
  expect(noisy).toBeGreaterThan(sharp!);
});
