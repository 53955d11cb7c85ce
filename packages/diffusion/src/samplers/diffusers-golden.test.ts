/**
 * Full loops of diffusers' own test suite (`tests/schedulers/test_scheduler_*.py`): ten steps from a ramp with the
 * "network" sample * t / (t + 1), and the sum and mean of the magnitudes that come out. DDIM's are the suite's numbers.
 * The suite runs DPM-Solver++ to sigma_min without a first-order last step, and applies Euler's step to the scaled
 * input; a numpy transcription of the schedulers that gives its 0.3301, 0.2251 and 10.0807 under these conditions gave
 * the numbers here under the pipelines' own.
 */
import { readFileSync } from 'node:fs';
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

/**
 * Trajectories that diffusers' own schedulers made, with Stable Diffusion's schedule and a network, a start and draws
 * of noise that are formulas: tools/reference/make_trajectories.py.
 */
interface Trajectory {
  readonly sampler: SamplerName;
  readonly steps: number;
  readonly prediction_type: string;
  readonly timestep_spacing?: string;
  readonly rescale_betas_zero_snr?: boolean;
  readonly eta?: number;
  /** The sample after each call of the network, or the last alone. */
  readonly path: readonly (readonly number[])[];
}

const file = readFileSync(new URL('./golden/trajectories.json', import.meta.url), 'utf8');
const { config: STABLE_DIFFUSION, cases } = JSON.parse(file) as { config: object; cases: readonly Trajectory[] };

test.each(cases)(
  'diffusers: $sampler, $steps steps, $prediction_type, spacing $timestep_spacing, zero SNR $rescale_betas_zero_snr, eta $eta',
  async ({ sampler, steps, path, eta, ...config }) => {
    const found: number[][] = [];
    let draws = 0;
    await samplers[sampler]({
      denoise: async (sample, t) => sample.map((x) => Math.tanh(x) * (0.3 + 0.7 * (t / 1000)) + 0.1 * Math.cos(3 * x)),
      schedule: createSchedule(parseSchedulerConfig({ ...STABLE_DIFFUSION, ...config })),
      steps,
      noise: Float32Array.from({ length: 6 }, (_, i) => 1.2 * Math.cos(2.1 * i + 0.4)),
      random: {
        fillNormal(target) {
          draws++;
          return target.map((_, i) => 1.3 * Math.sin(12.9898 * draws + 78.233 * i));
        },
      },
      eta,
      onStep: ({ sample }) => found.push([...sample]),
    });
    // PNDM's first two calls of the network are one step here.
    const expected = sampler === 'pndm' && path.length > 1 ? path.slice(1) : path;
    const reached = found.slice(-expected.length);
    expect(reached).toHaveLength(expected.length);
    const largest = Math.max(...expected.flat().map(Math.abs));
    reached.forEach((values, step) => {
      const error = Math.max(...values.map((x, i) => Math.abs(x - expected[step]![i]!)));
      expect([step, error / largest]).toEqual([step, expect.closeTo(0, 4)]);
    });
  },
);
