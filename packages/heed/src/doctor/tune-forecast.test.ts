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

test('rates are measured where none are given, and batches count', async () => {
  const { model } = await writeRandomModels(folder);
  const one = await forecastTuning(model, config('tune.beta=0', 'tune.batchSize=1', 'threads=1'), { rates });
  const four = await forecastTuning(model, config('tune.beta=0', 'tune.batchSize=4', 'threads=1'), { rates });
  expect(four.step.teraflops / one.step.teraflops).toBeCloseTo(4, 0);
  const measured = await forecastTuning(model, config('tune.batchSize=1', 'threads=1'));
  expect(measured.step.seconds).toBeGreaterThan(0);
  expect(Number.isFinite(measured.step.seconds)).toBe(true);
});
