/**
 * Full loops of diffusers' own test suite (`tests/schedulers/test_scheduler_*.py`): ten steps from a ramp with the "network"
 * sample * t / (t + 1), and the sum and mean of the magnitudes that come out.
 * DDIM's are the suite's numbers. The suite runs DPM-Solver++ to sigma_min without a first-order last step, and applies Euler's
 * step to the scaled input; a numpy transcription of the schedulers that gives its 0.3301, 0.2251 and 10.0807 under these
 * conditions gave the numbers here under the pipelines' own.
 */
import { expect, test } from 'vitest';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { createSchedule } from '../schedule/noise-schedule.ts';
import { type SamplerName, samplers } from './samplers.ts';

const COUNT = 4 * 3 * 8 * 8;
const LINEAR = { beta_schedule: 'linear', beta_start: 0.0001, beta_end: 0.02, num_train_timesteps: 1000 };

interface Golden {
  readonly sampler: SamplerName;
  readonly config: Record<string, unknown>;
  readonly sum?: number;
  readonly mean: number;
}

const GOLDEN: readonly Golden[] = [
  { sampler: 'ddim', config: {}, sum: 172.0067, mean: 0.223967 },
  { sampler: 'ddim', config: { prediction_type: 'v_prediction' }, sum: 52.5302, mean: 0.0684 },
  { sampler: 'ddim', config: { set_alpha_to_one: true, beta_start: 0.01 }, sum: 149.8295, mean: 0.1951 },
  { sampler: 'ddim', config: { set_alpha_to_one: false, beta_start: 0.01 }, sum: 149.0784, mean: 0.1941 },
  { sampler: 'dpmpp_2m', config: {}, mean: 0.2409002 },
  { sampler: 'dpmpp_2m', config: { prediction_type: 'v_prediction' }, mean: 0.0985183 },
  { sampler: 'euler', config: { num_train_timesteps: 1100 }, sum: 168.05136, mean: 0.2188169 },
  {
    sampler: 'euler',
    config: { num_train_timesteps: 1100, prediction_type: 'v_prediction' },
    sum: 46.914032,
    mean: 0.061086,
  },
];

test.each(GOLDEN)('$sampler with $config', async ({ sampler, config, sum, mean }) => {
  const result = await samplers[sampler]({
    denoise: async (sample, t) => sample.map((x) => (x * t) / (t + 1)),
    schedule: createSchedule(parseSchedulerConfig({ ...LINEAR, ...config })),
    steps: 10,
    noise: Float32Array.from({ length: COUNT }, (_, i) => i / COUNT),
  });
  const total = result.reduce((all, x) => all + Math.abs(x), 0);
  if (sum !== undefined) expect(Math.abs(total - sum)).toBeLessThan(1e-2);
  expect(Math.abs(total / COUNT - mean)).toBeLessThan(1e-3);
});
