import { createRandom } from '@heed/autodiff';
import { describe, expect, test } from 'vitest';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { createSchedule, type NoiseSchedule, type PredictionType, sigmaOfAlpha } from '../schedule/noise-schedule.ts';
import { type SamplerName, samplers } from './samplers.ts';

// To almost no signal at its end, unlike Stable Diffusion's: there, starting from pure noise shifts the mean whatever
// the sampler.
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
    const sigma = (t: number) => sigmaOfAlpha(schedule.alphasCumprod[t]!);
    const level = low === timestep ? sigma(low) : interpolate(sigma(low), sigma(low + 1), timestep - low);
    const s = 1 / Math.sqrt(1 + level * level);
    const n = level * s;
    return sample.map((x) => {
      const clean = MEAN + ((s * STD ** 2) / (s ** 2 * STD ** 2 + n ** 2)) * (x - s * MEAN);
      const noise = (x - s * clean) / n;
      return schedule.predictionType === 'epsilon' ? noise : s * noise - n * clean;
    });
  };
}

describe('from pure noise (zero signal-to-noise ratio)', () => {
  const schedule = createSchedule(
    parseSchedulerConfig({
      beta_schedule: 'scaled_linear',
      beta_start: 0.00085,
      beta_end: 0.012,
      prediction_type: 'v_prediction',
      rescale_betas_zero_snr: true,
      timestep_spacing: 'trailing',
    }),
  );

  test.each(Object.keys(samplers) as SamplerName[])('%s reaches the mean and spread of the data', async (name) => {
    const noise = standardNoise();
    const random = createRandom(11);
    const sample = await samplers[name]({ denoise: perfectNetwork(schedule), schedule, steps: 100, noise, random });
    const { mean, std } = moments(sample);
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.05);
    expect(Math.abs(std - STD)).toBeLessThan(0.08);
  });
});

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

/**
 * How the error falls with the steps, raised to the order. Of PNDM it is that of its last step, which leads almost to
 * no noise.
 */
const DETERMINISTIC = { ddim: 1, dpmpp_2m: 2, euler: 1, pndm: 1 } as const satisfies Partial<
  Record<SamplerName, number>
>;

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

test.each(['ddpm', 'euler_a'] as const)('%s, with fresh noise in each step, converges too', async (name) => {
  for (const predictionType of ['epsilon', 'v_prediction'] as const) {
    const { mean, std } = moments(await sampleWith(name, 300, predictionType));
    // Four standard errors of the mean of COUNT samples, and the discretisation.
    expect(Math.abs(mean - MEAN)).toBeLessThan((4 * STD) / Math.sqrt(COUNT) + 0.01);
    expect(Math.abs(std - STD)).toBeLessThan((4 * STD) / Math.sqrt(2 * COUNT) + 0.02);
  }
});

test('DDIM with eta 1 is DDPM, draw by draw', async () => {
  const schedule = createSchedule(parseSchedulerConfig({ ...CONFIG, set_alpha_to_one: true }));
  const run = (name: SamplerName) =>
    samplers[name]({
      denoise: perfectNetwork(schedule),
      schedule,
      steps: 12,
      noise: standardNoise(),
      random: createRandom(3),
      eta: 1,
    });
  const [ddim, ddpm] = [await run('ddim'), await run('ddpm')];
  expect(Math.max(...ddim.map((x, i) => Math.abs(x - ddpm[i]!)))).toBeLessThan(1e-4);
});

test('every sampler asks the network as often as told, leaves the noise alone and reports each step', async () => {
  const schedule = scheduleOf('epsilon');
  for (const name of Object.keys(samplers) as SamplerName[]) {
    const noise = Float32Array.of(0.5, -1);
    const asked: number[] = [];
    const reported: number[] = [];
    const options = {
      denoise: async (sample: Float32Array, timestep: number) => {
        asked.push(timestep);
        return sample.map(() => 0.1);
      },
      schedule,
      steps: 7,
      noise,
      random: createRandom(1),
      onStep: ({ step, steps }: { step: number; steps: number }) => reported.push(step / steps),
    };
    const first = await samplers[name](options);
    expect(asked).toHaveLength(name === 'pndm' ? 8 : 7);
    expect(asked).toEqual([...asked].sort((a, b) => b - a));
    expect(reported).toEqual([1, 2, 3, 4, 5, 6, 7].map((step) => step / 7));
    expect(noise).toEqual(Float32Array.of(0.5, -1));
    expect(first.every(Number.isFinite)).toBe(true);
    expect(await samplers[name]({ ...options, random: createRandom(1) })).toEqual(first);
    for (const steps of [1, 2, 500, 999]) {
      const extreme = await samplers[name]({ ...options, steps, onStep: undefined });
      expect(extreme.every(Number.isFinite)).toBe(true);
    }
    for (const steps of [0, -1, 2.5, Number.NaN, 1001]) {
      await expect(samplers[name]({ ...options, steps })).rejects.toThrow(
        /sampler: expected steps from 1 to 1000, got/,
      );
    }
    await expect(samplers[name]({ ...options, denoise: async () => new Float32Array(1) })).rejects.toThrow(
      'sampler: expected the network to return 2 values, got 1',
    );
  }
});

test('samplers that add noise say so when they have none', async () => {
  const schedule = scheduleOf('epsilon');
  const options = { denoise: async (sample: Float32Array) => sample, schedule, steps: 2, noise: new Float32Array(1) };
  await expect(samplers.ddpm(options)).rejects.toThrow('ddpm: expected a source of noise, got none');
  await expect(samplers.euler_a(options)).rejects.toThrow('euler_a: expected a source of noise, got none');
  await expect(samplers.ddim({ ...options, eta: 0.5 })).rejects.toThrow('expected a source of noise for eta above 0');
  await expect(samplers.ddim({ ...options, eta: 2 })).rejects.toThrow('ddim: expected eta from 0 to 1, got 2');
});
