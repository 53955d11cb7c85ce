// The training loop on a small random U-Net with real gradients: bit-exact resume, NaN stop, the loss as written down.
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSchedule,
  mergeLora,
  parseSchedulerConfig,
  parseUnetConfig,
  readSafetensorsHeader,
  unet,
} from '@heed/diffusion';
import {
  compile,
  createRandom,
  describeParameters,
  initializeParameters,
  input,
  type ParameterValues,
} from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import { findLatestCheckpoint } from '../checkpoint/checkpoint.ts';
import type { TuneSample, TuneSources } from './batches.ts';
import { TUNING_METHODS } from './methods/index.ts';
import type { TuneOptions } from './options.ts';
import { exampleTuneOptions } from './testing/example-options.ts';
import { type TuneMetrics, type TuneTraining, trainModel } from './train.ts';

const LATENT_SHAPE = [4, 8, 8];
const TEXT_SHAPE = [3, 12];
const unetConfig = parseUnetConfig(
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
const schedule = createSchedule(
  parseSchedulerConfig(
    { _class_name: 'DDIMScheduler', beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012 },
    'test',
  ),
);

const sources: TuneSources = {
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

function freshParameters(): ParameterValues {
  const specs = describeParameters((p) =>
    unet(p, unetConfig, {
      sample: input('sample', [1, ...LATENT_SHAPE]),
      timestep: input('timestep', [1]),
      encoderHiddenStates: input('text', [1, ...TEXT_SHAPE]),
    }),
  );
  const values = initializeParameters(specs, createRandom(5));
  // A last layer of zeros, as U-Nets begin, would leave most gradients at zero for the first steps.
  createRandom(6).fillNormal(values.get('conv_out.weight')!.data);
  return values;
}

async function training(
  overrides: Partial<TuneOptions> = {},
): Promise<TuneTraining & { log: TuneMetrics[]; sampled: number[] }> {
  const options = { ...exampleTuneOptions, ...overrides };
  const method = TUNING_METHODS[options.method];
  const samples: TuneSample[] = Array.from({ length: 5 }, (_, i) => ({
    image: `image ${i}`,
    prompt: `prompt ${i % 2}`,
    reward: i / 4,
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

function bits(parameters: ParameterValues): string {
  return [...parameters]
    .map(
      ([name, { data }]) => `${name} ${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}`,
    )
    .join('\n');
}

describe('tuning', () => {
  const divisions: Partial<TuneOptions>[] = [
    {},
    { accumulation: 2 },
    { replicas: 3 },
    { lora: { rank: 2, alpha: 4, layers: 'attention' } },
  ];
  it.each(divisions)('resumes to the same bits, %o', { timeout: 120_000 }, async (division) => {
    const whole = await training(division);
    const straight = await trainModel(whole);
    expect(whole.sampled).toEqual([0, 4, 6]);
    expect(straight.step).toBe(6);

    const stop = new AbortController();
    const first = await training(division);
    const interrupted = trainModel({
      ...first,
      signal: stop.signal,
      onStep: async (step, metrics) => {
        first.log.push(metrics);
        if (step === 3) stop.abort();
      },
    });
    await expect(interrupted).rejects.toMatchObject({ name: 'AbortError' });
    expect((await findLatestCheckpoint(first.checkpointFolder))?.step).toBe(3);

    const second = await training(division);
    const resumed = await trainModel({ ...second, checkpointFolder: first.checkpointFolder });
    expect([...first.log, ...second.log]).toEqual(whole.log);
    expect(bits(resumed.parameters)).toBe(bits(straight.parameters));
    expect(bits(second.parameters)).toBe(bits(whole.parameters));
    expect(second.sampled).toEqual([4, 6]);
    expect((await readdir(first.checkpointFolder)).sort()).toEqual(['step-00000004', 'step-00000006']);
  });

  it('trains a LoRA alone: the base stays, checkpoints hold the factors, the weights have them in them', async () => {
    const run = await training({ lora: { rank: 2, alpha: 4, layers: 'all' }, steps: 2, ema: 0 });
    const { parameters, lora } = await trainModel(run);
    expect(bits(run.parameters)).toBe(bits(freshParameters()));
    const changed = [...parameters].filter(([name, value]) => value !== run.parameters.get(name)).map(([name]) => name);
    expect(changed.sort()).toEqual([...lora!.keys()].map((path) => `${path}.weight`).sort());
    expect(bits(parameters)).toBe(bits(mergeLora(run.parameters, lora!)));
    expect(bits(parameters)).not.toBe(bits(run.parameters));
    const latest = await findLatestCheckpoint(run.checkpointFolder);
    const { entries } = await readSafetensorsHeader(join(latest!.folder, 'parameters.safetensors'));
    expect(entries.size).toBe(2 * lora!.size);
  });

  it('refuses to go on with other options or data', async () => {
    const first = await training({ steps: 2 });
    await trainModel(first);
    const other = await training({ steps: 4 });
    const going = trainModel({ ...other, checkpointFolder: first.checkpointFolder, fingerprint: 'g' });
    await expect(going).rejects.toThrow(/begun with \(f\), got others \(g\)/);
  });

  it('stops with the reason when numbers run away, and saves nothing of it', async () => {
    const run = await training({
      learningRate: 1e30,
      warmupSteps: 0,
      schedule: 'constant',
      checkpointEverySteps: 1,
      steps: 20,
    });
    await expect(trainModel(run)).rejects.toThrow(/run test stopped after \d+ of 20 updates: .*expected (a )?finite/);
    const latest = await findLatestCheckpoint(run.checkpointFolder);
    const { readOptimizerState, checkFinite } = await import('./training-state.ts');
    if (latest) checkFinite((await readOptimizerState(latest.folder, new Map())).parameters);
  });

  it('draws no samples where none are asked for, not even of the start', async () => {
    const run = await training({ steps: 1, sampleEverySteps: 0 });
    await trainModel(run);
    expect(run.log.length).toBe(1);
    expect(run.sampled).toEqual([]);
  });

  it('skips and counts an update that is not finite, and goes on without a trace of it', async () => {
    const run = await training({ steps: 6, checkpointEverySteps: 1, sampleEverySteps: 2 });
    const { at } = run.batches;
    run.batches.at = async (index) => {
      const feeds = await at(index);
      return index === 2 ? { ...feeds, target: feeds.target.map(() => Number.NaN) } : feeds;
    };
    const { parameters } = await trainModel(run);
    expect(run.log.map(({ skipped }) => skipped)).toEqual([0, 0, 1, 0, 0, 0]);
    expect(run.log[2]).toEqual({ skipped: 1, learningRate: expect.any(Number) });
    for (const metrics of run.log) for (const value of Object.values(metrics)) expect(value).toSatisfy(Number.isFinite);
    for (const { data } of parameters.values()) expect(data.every(Number.isFinite)).toBe(true);
    const { readOptimizerState, checkFinite } = await import('./training-state.ts');
    const latest = await findLatestCheckpoint(run.checkpointFolder);
    const optimizer = await readOptimizerState(latest!.folder, new Map());
    for (const group of [optimizer.parameters, optimizer.firstMoment, optimizer.secondMoment, optimizer.ema!])
      checkFinite(group);
  });

  it.each([undefined, 5])('minimises the loss that is written down, gamma %s', { timeout: 60_000 }, async (gamma) => {
    const run = await training({ steps: 1, ema: 0, snrGamma: gamma });
    const feeds = await run.batches.at(0);
    const count = 6;
    const predict = await compile({
      name: 'prediction',
      parameters: freshParameters(),
      inputs: {
        sample: { shape: [count, ...LATENT_SHAPE] },
        timestep: { shape: [count] },
        encoderHiddenStates: { shape: [count, ...TEXT_SHAPE] },
      },
      build: (p, x) => ({ noise: unet(p, unetConfig, x) }),
    });
    const { noise } = await predict.run({
      sample: feeds.noisyLatents,
      timestep: feeds.timestep,
      encoderHiddenStates: feeds.encoderHiddenStates,
    });
    predict.dispose();
    const size = noise.length / count;
    const errors = Array.from({ length: count }, (_, i) => {
      let total = 0;
      for (let j = i * size; j < (i + 1) * size; j++) total += (noise[j]! - feeds.target[j]!) ** 2;
      const alpha = schedule.alphasCumprod[feeds.timestep[i]!]!;
      const signalToNoise = alpha / (1 - alpha);
      const weight = gamma === undefined ? 1 : Math.min(signalToNoise, gamma) / signalToNoise;
      return (weight * total) / size;
    });
    const [first, second, third] = feeds.sampleWeights!;
    const modelLoss = (errors[0]! * first! + errors[1]! * second! + errors[2]! * third!) / 3;
    const pretrainingLoss = (errors[3]! + errors[4]! + errors[5]!) / 3;
    await trainModel(run);
    expect(run.log[0]!.modelLoss).toBeCloseTo(modelLoss, 4);
    expect(run.log[0]!.pretrainingLoss).toBeCloseTo(pretrainingLoss, 4);
    expect(run.log[0]!.loss).toBeCloseTo(modelLoss + 0.5 * pretrainingLoss, 4);
  });
});
