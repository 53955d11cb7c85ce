import { createRandom } from '@heed/autodiff';
import { describe, expect, test } from 'vitest';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { createSchedule, type PredictionType } from '../schedule/noise-schedule.ts';
import { checkPrediction, testPictures } from './prediction-check.ts';

const COUNT = 2;
const SIZE = COUNT * 4 * 16 * 16;
const latents = createRandom(1).fillNormal(new Float32Array(SIZE));
const scheduleOf = (prediction_type: PredictionType) =>
  createSchedule(
    parseSchedulerConfig({ beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012, prediction_type }),
  );

/** A network that knows the clean latents up to `error` and says noise or velocity. */
function network(says: PredictionType, error: number) {
  const random = createRandom(2);
  const { alphasCumprod } = scheduleOf(says);
  return async (sample: Float32Array, timestep: number) => {
    const [signal, spread] = [Math.sqrt(alphasCumprod[timestep]!), Math.sqrt(1 - alphasCumprod[timestep]!)];
    return sample.map((x, i) => {
      const clean = latents[i]! + error * random.normal();
      const noise = (x - signal * clean) / spread;
      return says === 'epsilon' ? noise : signal * noise - spread * clean;
    });
  };
}

const check = (stated: PredictionType, predict: (sample: Float32Array, timestep: number) => Promise<Float32Array>) =>
  checkPrediction({ predict, latents, count: COUNT, schedule: scheduleOf(stated), random: createRandom(3) });

describe.each(['epsilon', 'v_prediction'] as const)('labelled %s', (stated) => {
  const other = stated === 'epsilon' ? 'v_prediction' : 'epsilon';

  test.each([0, 0.3, 0.5])('a network that is off by %f and says so passes', async (error) => {
    const found = await check(stated, network(stated, error));
    expect(found.likely).toBeUndefined();
    expect(found.errors[stated]).toBeLessThan(found.errors[other]);
  });

  test.each([0, 0.3, 0.5])('one that is off by %f and says the other is found', async (error) => {
    expect(await check(stated, network(other, error))).toMatchObject({ stated, likely: other });
  });

  test('nothing is said of an untrained one', async () => {
    const random = createRandom(4);
    for (const scale of [0, 0.1, 1, 3]) {
      const found = await check(stated, async (sample) => sample.map(() => scale * random.normal()));
      expect(found.likely).toBeUndefined();
      expect(Math.min(...Object.values(found.errors))).toBeGreaterThan(0.9);
    }
  });
});

test('the pictures differ and fill their size', () => {
  const [first, second] = testPictures(2, { width: 24, height: 16 });
  expect(first).toMatchObject({ width: 24, height: 16 });
  expect(first!.data).toHaveLength(24 * 16 * 3);
  expect(first!.data).not.toEqual(second!.data);
  expect(new Set(first!.data).size).toBeGreaterThan(20);
});
