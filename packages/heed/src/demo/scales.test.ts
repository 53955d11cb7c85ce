/** Every scale makes settings that the config accepts and that ask for what the table says. */
import { expect, it } from 'vitest';
import { applyOverrides, checkConfig } from '../config/index.ts';
import { DEMO_SCALES, type DemoScaleName, settingsOf } from './scales.ts';

it.each(Object.keys(DEMO_SCALES) as DemoScaleName[])('%s makes valid settings', (name) => {
  const scale = DEMO_SCALES[name];
  const config = checkConfig(applyOverrides({}, settingsOf(scale, { seed: 3 })), name);
  expect(config.seed).toBe(3);
  expect(config.tune.steps).toBe(scale.tuneSteps);
  expect(config.evaluate.bestOf).toBe(scale.bestOf);
  expect(config.generate.promptLimit).toBe(scale.trainingPrompts);
});

it('samples more at once on a GPU', () => {
  const config = (device: 'cpu' | 'webgpu') =>
    checkConfig(applyOverrides({}, settingsOf(DEMO_SCALES.small, { seed: 0, device })), device);
  expect(config('webgpu')).toMatchObject({ device: 'webgpu', sample: { batchSize: 128 } });
  expect(config('cpu')).toMatchObject({ device: 'cpu', sample: { batchSize: 16 } });
});

it('compares the best 4 of 16 wherever results are published', () => {
  for (const name of ['small', 'paper'] as const) {
    expect(DEMO_SCALES[name].bestOf).toBe(16);
    expect(DEMO_SCALES[name].imagesPerPrompt).toBe(4);
  }
});
