// Batches of tuning: which samples are drawn how often, what they weigh, and to which timesteps they are noised.
import { createSchedule, parseSchedulerConfig } from '@heed/diffusion';
import { expect, it } from 'vitest';
import type { PretrainingSample, TuneSample } from './batches.ts';
import type { BatchInputs } from './method.ts';
import { rewardWeighted } from './methods/reward-weighted.ts';
import type { TuneOptions } from './options.ts';
import { exampleTuneOptions } from './testing/example-options.ts';

const BATCH_SIZE = 4;
const BATCHES = 100;
const schedule = createSchedule(parseSchedulerConfig({ beta_schedule: 'scaled_linear' }));
const REWARDS = [0.1, 0.2, 0.4, 0.8];
const samples = REWARDS.map(
  (reward, i): TuneSample => ({ image: `image ${i}`, prompt: `${i}`, reward, labelled: true }),
);
const pretraining = REWARDS.map((reward, i): PretrainingSample => ({ key: `pair ${i}`, caption: `${i}`, reward }));

type Changes = Partial<TuneOptions> & Partial<Pick<BatchInputs, 'pretraining'>>;

/** Batches of these samples; `onLatents` is told which latents are asked for. */
function batchesOf(changes: Changes = {}, onLatents: (key: string) => void = () => {}) {
  const { pretraining: pairs = pretraining, ...options } = changes;
  return rewardWeighted.batches({
    samples,
    pretraining: pairs,
    options: { ...exampleTuneOptions, batchSize: BATCH_SIZE, captionDropout: 0, seed: 3, ...options },
    schedule,
    sources: {
      latentShape: [1, 1, 1],
      textShape: [1, 1],
      latents: async (key) => {
        onLatents(key);
        return new Float32Array(1);
      },
      embedPrompts: async (prompts) => new Float32Array(prompts.length),
    },
  });
}

/** All batches of a run, and how often each latent was asked for. */
async function draw(changes: Changes = {}) {
  const counts = new Map<string, number>();
  const batches = batchesOf(changes, (key) => counts.set(key, (counts.get(key) ?? 0) + 1));
  const all = await Promise.all(Array.from({ length: BATCHES }, (_, batch) => batches.at(batch)));
  const shares = (kind: string) => REWARDS.map((_, i) => (counts.get(`${kind} ${i}`) ?? 0) / (BATCH_SIZE * BATCHES));
  return { all, shares };
}

it('draws all alike and weighs images by their reward, as equation 2 has it', async () => {
  const { all, shares } = await draw();
  expect(shares('image')).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(shares('pair')).toEqual([0.25, 0.25, 0.25, 0.25]);
  for (const { sampleWeights } of all) expect([...sampleWeights!].sort()).toEqual([...Float32Array.from(REWARDS)]);
});

it('draws in proportion to a power of the reward, and then weighs all alike', async () => {
  const { all, shares } = await draw({ modelRewardPower: 1, pretrainingRewardPower: 2 });
  const expected = (power: number) => {
    const weights = REWARDS.map((reward) => reward ** power);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };
  for (const [i, share] of expected(1).entries()) expect(shares('image')[i]).toBeCloseTo(share, 1);
  for (const [i, share] of expected(2).entries()) expect(shares('pair')[i]).toBeCloseTo(share, 1);
  for (const { sampleWeights } of all) expect([...sampleWeights!]).toEqual([1, 1, 1, 1]);
});

it('refuses to draw by rewards that are not there', () => {
  const unscored = pretraining.map(({ key, caption }) => ({ key, caption }));
  expect(() => batchesOf({ pretraining: unscored, pretrainingRewardPower: 4 })).toThrow(
    'stream pretraining: expected a reward for each sample, got none',
  );
});

it('noises images of the model to the timesteps asked for, and pre-training pictures to all', async () => {
  const { all } = await draw({ modelTimestepsFrom: 600 });
  const own = all.flatMap(({ timestep }) => [...timestep.slice(0, BATCH_SIZE)]);
  const others = all.flatMap(({ timestep }) => [...timestep.slice(BATCH_SIZE)]);
  expect(Math.min(...own)).toBeGreaterThanOrEqual(600);
  expect(Math.min(...own)).toBeLessThan(620);
  expect(Math.max(...own)).toBeGreaterThan(980);
  expect(Math.max(...own)).toBeLessThan(1000);
  expect(Math.min(...others)).toBeLessThan(20);
});
