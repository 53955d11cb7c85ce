/** A training loop on a small random U-Net, for tests. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSchedule, parseSchedulerConfig, parseUnetConfig, unet } from '@heed/diffusion';
import {
  createRandom,
  describeParameters,
  initializeParameters,
  input,
  type ParameterValues,
} from '@heed/diffusion/autodiff';
import type { TuneSample, TuneSources } from '../batches.ts';
import { TUNING_METHODS } from '../methods/index.ts';
import type { TuneOptions } from '../options.ts';
import type { TuneMetrics, TuneTraining } from '../train.ts';
import { exampleTuneOptions } from './example-options.ts';

export const LATENT_SHAPE = [4, 8, 8];
export const TEXT_SHAPE = [3, 12];
export const unetConfig = parseUnetConfig(
  {
    _class_name: 'UNet2DConditionModel',
    sample_size: 8,
    block_out_channels: [8, 16],
    down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
    up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
    layers_per_block: 1,
    cross_attention_dim: 12,
    attention_head_dim: 2,
    norm_num_groups: 4,
  },
  'test',
);
export const schedule = createSchedule(
  parseSchedulerConfig(
    { _class_name: 'DDIMScheduler', beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012 },
    'test',
  ),
);

export const sources: TuneSources = {
  latentShape: LATENT_SHAPE,
  textShape: TEXT_SHAPE,
  latents: async (key) =>
    createRandom(1)
      .fork(key)
      .fillNormal(new Float32Array(4 * 8 * 8)),
  embedPrompts: async (prompts) => {
    const rows = prompts.map((prompt) => createRandom(2).fork(prompt).fillNormal(new Float32Array(36)));
    return Float32Array.from(rows.flatMap((row) => [...row]));
  },
};

/** The same weights each time. */
export function freshParameters(): ParameterValues {
  const specs = describeParameters((p) =>
    unet(p, unetConfig, {
      sample: input('sample', [1, ...LATENT_SHAPE]),
      timestep: input('timestep', [1]),
      encoderHiddenStates: input('text', [1, ...TEXT_SHAPE]),
    }),
  );
  const values = initializeParameters(specs, createRandom(5));
  // Last layers of zeros, as U-Nets and their transformers begin, would leave most gradients at zero for the first
  // steps.
  for (const [name, { shape, data }] of values) {
    if (shape.length < 2 || data.some((value) => value !== 0)) continue;
    createRandom(6).fork(name).fillNormal(data);
    for (let i = 0; i < data.length; i++) data[i]! *= 0.3;
  }
  return values;
}

/** A training of a few updates in a separate folder, and its report. */
export async function smallTraining(
  overrides: Partial<TuneOptions> = {},
): Promise<TuneTraining & { log: TuneMetrics[]; sampled: number[] }> {
  const options = { ...exampleTuneOptions, ...overrides };
  const method = TUNING_METHODS[options.method];
  const samples: TuneSample[] = Array.from({ length: 5 }, (_, i) => ({
    image: `image ${i}`,
    prompt: `prompt ${i % 2}`,
    reward: i / 4,
    label: i % 3 === 0 ? 1 : 0,
    labelled: i < 3,
  }));
  const pretraining = Array.from({ length: 4 }, (_, i) => ({ key: `web ${i}`, caption: `caption ${i}` }));
  const log: TuneMetrics[] = [];
  const sampled: number[] = [];
  return {
    run: 'test',
    method,
    unetConfig,
    parameters: freshParameters(),
    batches: method.batches({
      samples,
      pretraining: options.streams.pretraining ? pretraining : undefined,
      options,
      schedule,
      sources,
    }),
    options,
    checkpointFolder: join(await mkdtemp(join(tmpdir(), 'heed-tune-')), 'checkpoints'),
    fingerprint: 'f',
    threads: 1,
    log,
    sampled,
    onStep: async (_, metrics) => {
      log.push(metrics);
    },
    onSample: async (step) => {
      sampled.push(step);
    },
  };
}

/** All numbers, to compare. */
export function bits(parameters: ParameterValues): string {
  return [...parameters]
    .map(
      ([name, { data }]) => `${name} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`,
    )
    .join('\n');
}
