// The training loop on a small random U-Net with real gradients: bit-exact resume, NaN stop, the loss as written down.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mergeLora, readSafetensorsHeader, unet } from '@heed/diffusion';
import { compile } from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import { findLatestCheckpoint } from '../checkpoint/checkpoint.ts';
import type { TuneOptions } from './options.ts';
import {
  bits,
  freshParameters,
  LATENT_SHAPE,
  schedule,
  smallTraining,
  TEXT_SHAPE,
  unetConfig,
} from './testing/small-training.ts';
import { trainModel } from './train.ts';

describe('tuning', () => {
  it('makes no batch any more when it has stopped', async () => {
    const stop = new AbortController();
    const run = await smallTraining();
    let pending = 0;
    const slowly = {
      ...run.batches,
      async at(batch: number) {
        pending++;
        await new Promise((resolve) => setTimeout(resolve, batch === 0 ? 0 : 1000));
        pending--;
        return run.batches.at(batch);
      },
    };
    const onStep = async () => stop.abort();
    await expect(trainModel({ ...run, batches: slowly, signal: stop.signal, onStep })).rejects.toThrow(/abort/);
    expect(pending).toBe(0);
  });

  const divisions: Partial<TuneOptions>[] = [
    {},
    { accumulation: 2 },
    { replicas: 3 },
    { lora: { rank: 2, alpha: 4, layers: 'attention' } },
  ];
  it.each(divisions)('resumes to the same bits, %o', { timeout: 120_000 }, async (division) => {
    const whole = await smallTraining(division);
    const straight = await trainModel(whole);
    expect(whole.sampled).toEqual([0, 4, 6]);
    expect(straight.step).toBe(6);

    const stop = new AbortController();
    const first = await smallTraining(division);
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

    const second = await smallTraining(division);
    const resumed = await trainModel({ ...second, checkpointFolder: first.checkpointFolder });
    expect([...first.log, ...second.log]).toEqual(whole.log);
    expect(bits(resumed.parameters)).toBe(bits(straight.parameters));
    expect(bits(second.parameters)).toBe(bits(whole.parameters));
    expect(second.sampled).toEqual([4, 6]);
    expect((await readdir(first.checkpointFolder)).sort()).toEqual(['step-00000004', 'step-00000006']);
  });

  it('trains a LoRA alone: the base stays, checkpoints hold the factors, the weights have them in them', async () => {
    const run = await smallTraining({ lora: { rank: 2, alpha: 4, layers: 'all' }, steps: 2, ema: 0 });
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
    const first = await smallTraining({ steps: 2 });
    await trainModel(first);
    const other = await smallTraining({ steps: 4 });
    const going = trainModel({ ...other, checkpointFolder: first.checkpointFolder, fingerprint: 'g' });
    await expect(going).rejects.toThrow(/begun with \(f\), got others \(g\)/);
  });

  it('stops with the reason when numbers run away, and saves nothing of it', async () => {
    const run = await smallTraining({
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
    const run = await smallTraining({ steps: 1, sampleEverySteps: 0 });
    await trainModel(run);
    expect(run.log.length).toBe(1);
    expect(run.sampled).toEqual([]);
  });

  it('skips and counts an update that is not finite, and goes on without a trace of it', async () => {
    const run = await smallTraining({ steps: 6, checkpointEverySteps: 1, sampleEverySteps: 2 });
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
    const run = await smallTraining({ steps: 1, ema: 0, snrGamma: gamma });
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
