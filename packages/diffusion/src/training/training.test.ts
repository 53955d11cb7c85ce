import {
  createRandom,
  createTrainingStep,
  describeParameters,
  initializeParameters,
  input,
  mean,
} from '@heed/autodiff';
import { expect, test } from 'vitest';
import { parseClipConfig } from '../configs/clip-config.ts';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { parseUnetConfig } from '../configs/unet-config.ts';
import { parseVaeConfig } from '../configs/vae-config.ts';
import { clip } from '../models/clip.ts';
import { createSchedule } from '../schedule/noise-schedule.ts';
import { vaeLoss } from './autoencoding.ts';
import { clipContrastiveLoss } from './contrastive.ts';
import { denoisingLossPerSample, prepareDenoisingBatch } from './denoising.ts';
import { minSnrWeight } from './min-snr.ts';

const SMALL_UNET = parseUnetConfig({
  block_out_channels: [8, 16],
  down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
  up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
  layers_per_block: 1,
  norm_num_groups: 4,
  cross_attention_dim: 6,
  attention_head_dim: 2,
});

test.each([false, true])('the U-Net learns one batch by heart (recompute: %s)', async (recompute) => {
  const random = createRandom(1);
  const schedule = createSchedule(parseSchedulerConfig({ beta_schedule: 'scaled_linear' }));
  const latents = { data: random.fillNormal(new Float32Array(2 * 4 * 4 * 4)), shape: [2, 4, 4, 4] };
  const batch = prepareDenoisingBatch({ latents, random, schedule, gamma: 5 });
  const inputs = {
    noisyLatents: { shape: [2, 4, 4, 4] },
    timestep: { shape: [2] },
    target: { shape: [2, 4, 4, 4] },
    encoderHiddenStates: { shape: [2, 3, 6] },
  };
  const traced = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, input(name, shape)])) as {
    [K in keyof typeof inputs]: ReturnType<typeof input>;
  };
  const specs = describeParameters((p) => denoisingLossPerSample(p, SMALL_UNET, traced));
  const step = await createTrainingStep({
    name: 'denoise',
    threads: 1,
    inputs,
    parameters: initializeParameters(specs, createRandom(2)),
    loss: (p, x) => ({ loss: mean(denoisingLossPerSample(p, SMALL_UNET, x, { recompute })) }),
  });
  const { weights, ...feeds } = batch;
  expect([...weights].every((weight) => weight > 0 && weight <= 1)).toBe(true);
  const encoderHiddenStates = random.fillNormal(new Float32Array(2 * 3 * 6));
  const losses: number[] = [];
  for (let i = 0; i < 40; i++) {
    losses.push((await step.step({ ...feeds, encoderHiddenStates }, { learningRate: 1e-2 })).loss!);
  }
  step.dispose();
  // Zero-initialised output: the first prediction is 0, its error that of the noise itself.
  const noisePower = batch.target.reduce((sum, value) => sum + value * value, 0) / batch.target.length;
  expect(losses[0]).toBeCloseTo(noisePower, 4);
  expect(losses.at(-1)).toBeLessThan(0.3 * losses[0]!);
});

test('a velocity batch recovers latents and noise', () => {
  const data = createRandom(3).fillNormal(new Float32Array(3 * 2 * 2 * 2));
  const schedule = createSchedule(
    parseSchedulerConfig({ num_train_timesteps: 1, trained_betas: [0.64], prediction_type: 'v_prediction' }),
  );
  const batch = prepareDenoisingBatch({ latents: { data, shape: [3, 2, 2, 2] }, random: createRandom(4), schedule });
  // x0 = sqrt(a) x_t - sqrt(1 - a) v (Salimans and Ho 2022, appendix D)
  data.forEach((value, i) => {
    expect(0.6 * batch.noisyLatents[i]! - 0.8 * batch.target[i]!).toBeCloseTo(value, 5);
  });
});

test('latents of one draw share their timestep and their noise, and single draws are as without', () => {
  const schedule = createSchedule(parseSchedulerConfig({ beta_schedule: 'scaled_linear' }));
  const data = createRandom(3).fillNormal(new Float32Array(4 * 2));
  const prepare = (draws?: number[]) =>
    prepareDenoisingBatch({
      latents: { data, shape: [4, 2, 1, 1] },
      random: createRandom(4),
      schedule,
      timestepsFrom: [500, 500, 500, 0],
      draws,
    });
  const shared = prepare([0, 1, 0, 2]);
  const rows = Array.from({ length: 4 }, (_, i) => [...shared.target.slice(2 * i, 2 * i + 2), shared.timestep[i]!]);
  expect(rows[0]).toEqual(rows[2]);
  expect(new Set(rows.map(String)).size).toBe(3);
  expect(shared.noisyLatents.slice(0, 2)).not.toEqual(shared.noisyLatents.slice(4, 6));
  expect(Math.min(...shared.timestep.slice(0, 3))).toBeGreaterThanOrEqual(500);
  expect(prepare([0, 1, 2, 3])).toEqual(prepare());
  for (const wrong of [
    [0, 1, 2],
    [0, 1, 3, 1],
    [-1, 0, 1, 2],
  ])
    expect(() => prepare(wrong)).toThrow(/^draws: expected/);
});

test('min-SNR weights', () => {
  expect(minSnrWeight(10, { predictionType: 'epsilon' })).toBe(0.5);
  expect(minSnrWeight(2, { predictionType: 'epsilon' })).toBe(1);
  expect(minSnrWeight(9, { predictionType: 'v_prediction' })).toBe(0.5);
});

test('CLIP learns to tell three pairs apart', async () => {
  const tower = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 };
  const config = parseClipConfig({
    projection_dim: 6,
    text_config: { ...tower, vocab_size: 10, max_position_embeddings: 4 },
    vision_config: { ...tower, image_size: 8, patch_size: 4 },
  });
  const inputs = {
    inputIds: { shape: [3, 4], dtype: 'int64' as const },
    eosIndex: { shape: [3], dtype: 'int64' as const },
    pixelValues: { shape: [3, 3, 8, 8] },
  };
  const traced = {
    inputIds: input('inputIds', [3, 4], 'int64'),
    eosIndex: input('eosIndex', [3], 'int64'),
    pixelValues: input('pixelValues', [3, 3, 8, 8]),
  };
  const specs = describeParameters((p) => clip(p, config, traced));
  const step = await createTrainingStep({
    name: 'contrast',
    threads: 1,
    inputs,
    parameters: initializeParameters(specs, createRandom(5)),
    loss: (p, x) => ({ loss: clipContrastiveLoss(clip(p, config, x)) }),
  });
  const feeds = {
    inputIds: BigInt64Array.from([8, 1, 9, 9, 8, 2, 9, 9, 8, 3, 4, 9], BigInt),
    eosIndex: BigInt64Array.from([2, 2, 3], BigInt),
    pixelValues: createRandom(6).fillNormal(new Float32Array(3 * 3 * 8 * 8)),
  };
  const losses: number[] = [];
  for (let i = 0; i < 60; i++) losses.push((await step.step(feeds, { learningRate: 1e-2 })).loss!);
  step.dispose();
  expect(losses.at(-1)).toBeLessThan(0.05);
  expect(losses[0]).toBeGreaterThan(0.5);
});

test('the VAE learns to copy two images', async () => {
  const config = parseVaeConfig({
    block_out_channels: [8, 8],
    down_block_types: Array(2).fill('DownEncoderBlock2D'),
    up_block_types: Array(2).fill('UpDecoderBlock2D'),
    norm_num_groups: 4,
    mid_block_add_attention: false,
  });
  const inputs = { pixels: { shape: [2, 3, 8, 8] }, noise: { shape: [2, 4, 4, 4] } };
  const specs = describeParameters((p) =>
    vaeLoss(p, config, { pixels: input('pixels', [2, 3, 8, 8]), noise: input('noise', [2, 4, 4, 4]) }),
  );
  const step = await createTrainingStep({
    name: 'autoencode',
    threads: 1,
    inputs,
    parameters: initializeParameters(specs, createRandom(7)),
    loss: (p, x) => {
      const { loss, reconstruction, kl } = vaeLoss(p, config, x);
      return { loss, reconstruction, kl };
    },
  });
  const random = createRandom(8);
  const pixels = Float32Array.from({ length: 2 * 3 * 64 }, () => 2 * random.uniform() - 1);
  const history: Record<string, number>[] = [];
  for (let i = 0; i < 80; i++) {
    const noise = random.fillNormal(new Float32Array(2 * 4 * 4 * 4));
    history.push(await step.step({ pixels, noise }, { learningRate: 1e-2 }));
  }
  step.dispose();
  expect(history[0]!.reconstruction).toBeGreaterThan(0.3);
  expect(history.at(-1)!.reconstruction).toBeLessThan(0.6 * history[0]!.reconstruction!);
  expect(history.at(-1)!.kl).toBeGreaterThan(0);
});
