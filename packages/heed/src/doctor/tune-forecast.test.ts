/** The forecast of tuning, from configs alone. That it comes true is measured in docs/full-size.md. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TINY_MODEL_FOLDER } from '@heed/emoji-world';
import { afterAll, expect, test } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { describeForecast, forecastTuning } from './tune-forecast.ts';

const folder = await mkdtemp(join(tmpdir(), 'heed-forecast-'));
afterAll(() => rm(folder, { recursive: true }));

const rates = {
  flops: { convolution: 1e11, matmul: 1e11, attention: 1e11 },
  elementwiseBytes: 1e10,
  updates: 1e9,
};
const config = (...overrides: string[]) => parseConfig('', { source: 'test', overrides });

test('recomputation costs time and saves memory, a LoRA saves the optimizer', async () => {
  const forecast = (...overrides: string[]) => forecastTuning(TINY_MODEL_FOLDER, config(...overrides), { rates });
  const [all, again, lora] = [
    await forecast(),
    await forecast('tune.recompute=true'),
    await forecast('tune.loraRank=4', 'tune.loraLayers="all"'),
  ];
  expect(again.memoryBytes.step).toBeLessThan(all.memoryBytes.step);
  expect(again.step.seconds).toBeGreaterThan(all.step.seconds);
  expect(all.trainedParameters).toBe(all.parameters);
  expect(all.memoryBytes.optimizer).toBe(8 * all.parameters);
  expect(lora.trainedParameters).toBeLessThan(0.2 * lora.parameters);
  expect(lora.memoryBytes.optimizer).toBe(8 * lora.trainedParameters);
  expect(lora.diskBytes.checkpoints).toBeLessThan(0.2 * all.diskBytes.checkpoints);
  expect(describeForecast(all).join('\n')).toMatch(/memory {2}\d+\.\d+ GB/);
});

test('a reference costs a pass, and a copy of the weights where all of them are trained', async () => {
  const forecast = (...overrides: string[]) =>
    forecastTuning(TINY_MODEL_FOLDER, config('tune.beta=0', ...overrides), { rates });
  const lora = ['tune.loraRank=4', 'tune.loraLayers="all"'];
  const [plain, bestOfN, plainLora] = [
    await forecast(),
    await forecast('tune.method=best-of-n'),
    await forecast(...lora),
  ];
  expect(bestOfN.memoryBytes.weights).toBe(plain.memoryBytes.weights);
  expect(bestOfN.step.teraflops).toBeCloseTo(plain.step.teraflops, 6);
  for (const method of ['dpo', 'nft', 'kto']) {
    const all = await forecast(`tune.method=${method}`);
    expect(all.parameters).toBe(plain.parameters);
    expect(all.trainedParameters).toBe(plain.trainedParameters);
    expect(all.memoryBytes.weights).toBe(2 * plain.memoryBytes.weights);
    expect(all.memoryBytes.optimizer).toBe(plain.memoryBytes.optimizer);
    expect(all.diskBytes).toEqual(plain.diskBytes);
    // Three passes' work becomes four's: forward, twice that backward, and the reference.
    expect(all.step.teraflops / plain.step.teraflops).toBeGreaterThan(1.25);
    expect(all.step.teraflops / plain.step.teraflops).toBeLessThan(1.45);
    const low = await forecast(`tune.method=${method}`, ...lora);
    expect(low.memoryBytes.weights).toBe(plainLora.memoryBytes.weights);
    expect(low.step.teraflops).toBeGreaterThan(plainLora.step.teraflops);
    expect(low.memoryBytes.step).toBeLessThan(1.5 * plainLora.memoryBytes.step);
  }
  await expect(forecast('tune.method=dpo', 'tune.batchSize=3')).rejects.toThrow(/learns from pairs/);
});

test('rates are measured where none are given, and batches count', async () => {
  const { model } = await writeRandomModels(folder);
  const one = await forecastTuning(model, config('tune.beta=0', 'tune.batchSize=1', 'threads=1'), { rates });
  const four = await forecastTuning(model, config('tune.beta=0', 'tune.batchSize=4', 'threads=1'), { rates });
  expect(four.step.teraflops / one.step.teraflops).toBeCloseTo(4, 0);
  const measured = await forecastTuning(model, config('tune.batchSize=1', 'threads=1'));
  expect(measured.step.seconds).toBeGreaterThan(0);
  expect(Number.isFinite(measured.step.seconds)).toBe(true);
});
