import { createRandom } from '@heed/autodiff';
import { describe, expect, test } from 'vitest';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { createSchedule, type NoiseSchedule, type PredictionType } from '../schedule/noise-schedule.ts';
import { type SamplerName, samplers } from './samplers.ts';

// To almost no signal at its end, unlike Stable Diffusion's: there, starting from pure noise shifts the mean whatever the sampler.
const CONFIG = {
  beta_schedule: 'linear',
  beta_start: 0.0001,
  beta_end: 0.04,
  set_alpha_to_one: false,
  steps_offset: 1,
};
const MEAN = 1.5;
const STD = 0.6;
const COUNT = 4000;

const scheduleOf = (predictionType: PredictionType) =>
  createSchedule(parseSchedulerConfig({ ...CONFIG, prediction_type: predictionType }));

/**
 * The perfect network for data ~ N(MEAN, STD^2): with x = s x_0 + n eps jointly Gaussian, E[x_0 | x] is linear in x
 * (s^2 + n^2 = 1), and noise and velocity follow from it.
 */
function perfectNetwork(schedule: NoiseSchedule) {
  return async (sample: Float32Array, timestep: number) => {
    const low = Math.floor(timestep);
    const log = (t: number) => {
      const alpha = schedule.alphasCumprod[t]!;
      return 0.5 * Math.log((1 - alpha) / alpha);
    };
    const level =
      low === timestep ? Math.exp(log(low)) : interpolate(Math.exp(log(low)), Math.exp(log(low + 1)), timestep - low);
    const s = 1 / Math.sqrt(1 + level * level);
    const n = level * s;
    return sample.map((x) => {
      const clean = MEAN + ((s * STD ** 2) / (s ** 2 * STD ** 2 + n ** 2)) * (x - s * MEAN);
      const noise = (x - s * clean) / n;
      return schedule.predictionType === 'epsilon' ? noise : s * noise - n * clean;
    });
  };
}

function interpolate(a: number, b: number, fraction: number): number {
  return a + (b - a) * fraction;
}

function moments(values: Float32Array) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return { mean, std: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) };
}

/** Exactly standard normal in its first two moments, so that what is measured is the sampler's error alone. */
function standardNoise(): Float32Array {
  const noise = createRandom(7).fillNormal(new Float32Array(COUNT));
  const { mean, std } = moments(noise);
  return noise.map((x) => (x - mean) / std);
}

async function sampleWith(name: SamplerName, steps: number, predictionType: PredictionType, eta?: number) {
  const schedule = scheduleOf(predictionType);
  return samplers[name]({
    denoise: perfectNetwork(schedule),
    schedule,
    steps,
    noise: standardNoise(),
    random: createRandom(11),
    eta,
  });
}

/** How the error falls with the steps, raised to the sampler's order. */
const DETERMINISTIC = { ddim: 1, dpmpp_2m: 2 } as const satisfies Partial<Record<SamplerName, number>>;

describe.each(['epsilon', 'v_prediction'] as const)('with a perfect %s network', (predictionType) => {
  test.each(Object.entries(DETERMINISTIC) as [SamplerName, number][])(
    '%s converges to the data with order %i',
    async (name, order) => {
      const error = async (steps: number) => {
        const { mean, std } = moments(await sampleWith(name, steps, predictionType));
        return Math.abs(mean - MEAN) + Math.abs(std - STD);
      };
      const [few, some, many] = [await error(5), await error(20), await error(200)];
      expect(some).toBeLessThan(few);
      expect(many).toBeLessThan(0.02);
      expect(Math.log10(some / many)).toBeGreaterThan(order * 0.9);
    },
  );
});
