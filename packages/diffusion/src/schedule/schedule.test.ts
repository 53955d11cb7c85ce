import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { addNoise, signalToNoiseRatio, trainingTarget, velocityTarget } from './forward-process.ts';
import { createSchedule } from './noise-schedule.ts';
import { roundHalfToEven, TIMESTEP_SPACINGS } from './timestep-spacing.ts';

const STABLE_DIFFUSION = { beta_schedule: 'scaled_linear', beta_start: 0.00085, beta_end: 0.012 };
const scheduleOf = (config: Record<string, unknown>) => createSchedule(parseSchedulerConfig(config));

describe('alphasCumprod', () => {
  test('of Stable Diffusion ends at its known signal, 0.0047 (Lin et al. 2024, table 1: 0.068265 is its root)', () => {
    const { alphasCumprod, finalAlphaCumprod } = scheduleOf({ ...STABLE_DIFFUSION, set_alpha_to_one: false });
    expect(Math.sqrt(alphasCumprod[999]!)).toBeCloseTo(0.068265, 5);
    expect(alphasCumprod[0]).toBeCloseTo(0.99915, 10);
    expect(finalAlphaCumprod).toBe(alphasCumprod[0]);
  });

  test('of the cosine schedule telescopes to the closed form until the cap', () => {
    const { alphasCumprod, finalAlphaCumprod } = scheduleOf({ beta_schedule: 'squaredcos_cap_v2' });
    const closed = (t: number) => Math.cos(((t / 1000 + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
    for (const t of [0, 1, 250, 500, 900, 990]) {
      expect(alphasCumprod[t]! / (closed(t + 1) / closed(0))).toBeCloseTo(1, 9);
    }
    expect(alphasCumprod[999]! / alphasCumprod[998]!).toBeCloseTo(0.001, 12);
    expect(finalAlphaCumprod).toBe(1);
  });

  test.each(['linear', 'scaled_linear'] as const)('of %s is the exponential of the summed logarithms', (name) => {
    const root = name === 'scaled_linear' ? 2 : 1;
    const beta = (t: number) => ((0.001 ** (1 / root) * (99 - t) + 0.03 ** (1 / root) * t) / 99) ** root;
    const { alphasCumprod } = scheduleOf({
      beta_schedule: name,
      beta_start: 0.001,
      beta_end: 0.03,
      num_train_timesteps: 100,
    });
    for (const t of [0, 1, 50, 99]) {
      const logs = Array.from({ length: t + 1 }, (_, i) => Math.log1p(-beta(i)));
      expect(alphasCumprod[t]).toBeCloseTo(Math.exp(logs.reduce((a, b) => a + b, 0)), 12);
    }
  });

  test('follows trained betas, and says what is wrong with them', () => {
    const { alphasCumprod } = scheduleOf({ trained_betas: [0.5, 0.25], num_train_timesteps: 2 });
    expect([...alphasCumprod]).toEqual([0.5, 0.375]);
    expect(() => scheduleOf({ trained_betas: [0.5], num_train_timesteps: 2 })).toThrow(
      'expected 2 trained_betas, as num_train_timesteps says, got 1',
    );
    expect(() => scheduleOf({ trained_betas: [0.5, 1], num_train_timesteps: 2 })).toThrow(
      'expected betas between 0 and 1, got 1 at timestep 1',
    );
    expect(() => scheduleOf({ timestep_spacing: 'lumpy' })).toThrow(
      'timestep_spacing leading, trailing, linspace, got "lumpy"',
    );
  });
});

describe('zero signal-to-noise ratio at the last timestep', () => {
  const plain = scheduleOf(STABLE_DIFFUSION).alphasCumprod;
  const zeroSnr = { ...STABLE_DIFFUSION, rescale_betas_zero_snr: true };
  const { alphasCumprod } = scheduleOf({ ...zeroSnr, prediction_type: 'v_prediction' });

  test('keeps the first, brings the last to nothing, and falls', () => {
    expect(alphasCumprod[0]).toBeCloseTo(plain[0]!, 12);
    expect(alphasCumprod[999]).toBe(0);
    for (let t = 1; t < 1000; t++) expect(alphasCumprod[t]).toBeLessThan(alphasCumprod[t - 1]!);
  });

  test('needs a network that predicts velocity', () => {
    expect(() => scheduleOf(zeroSnr)).toThrow(/expected prediction_type v_prediction with rescale_betas_zero_snr/);
  });

  test("has diffusers' numbers (rescale_zero_terminal_snr of 0.42)", () => {
    // DDIMScheduler(beta_schedule='scaled_linear', beta_start=0.00085, beta_end=0.012, rescale_betas_zero_snr=True).
    const expected = { 1: 0.998233, 250: 0.652457, 500: 0.241019, 750: 0.0327991, 998: 1.96796e-7 };
    for (const [t, alpha] of Object.entries(expected)) {
      expect(alphasCumprod[Number(t)]! / alpha).toBeCloseTo(1, 4);
    }
  });
});

describe('the forward process', () => {
  const schedule = scheduleOf(STABLE_DIFFUSION);
  const unit = fc
    .array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 })
    .map((x) => Float32Array.from(x));
  const timestep = fc.integer({ min: 0, max: 999 });

  test('noise and velocity give the clean sample and the noise back', () => {
    fc.assert(
      fc.property(unit, unit, timestep, (clean, noise, t) => {
        const batch = { schedule, clean, noise, timesteps: [t] };
        const noisy = addNoise(batch);
        const velocity = velocityTarget(batch);
        const [signal, spread] = [Math.sqrt(schedule.alphasCumprod[t]!), Math.sqrt(1 - schedule.alphasCumprod[t]!)];
        for (let i = 0; i < 3; i++) {
          expect(signal * noisy[i]! - spread * velocity[i]!).toBeCloseTo(clean[i]!, 4);
          expect(spread * noisy[i]! + signal * velocity[i]!).toBeCloseTo(noise[i]!, 4);
        }
      }),
    );
  });

  test('each sample of a batch has its own timestep', () => {
    const clean = Float32Array.of(1, 2, 3, 4);
    const noise = Float32Array.of(-1, 0, 1, 2);
    const together = addNoise({ schedule, clean, noise, timesteps: [10, 900] });
    const apart = [10, 900].flatMap((t, i) => [
      ...addNoise({
        schedule,
        clean: clean.subarray(2 * i, 2 * i + 2),
        noise: noise.subarray(2 * i, 2 * i + 2),
        timesteps: [t],
      }),
    ]);
    expect([...together]).toEqual(apart);
  });

  test('the target is what the schedule predicts', () => {
    const batch = { clean: Float32Array.of(2), noise: Float32Array.of(-1), timesteps: [500] };
    expect(trainingTarget({ ...batch, schedule })).toBe(batch.noise);
    const velocity = { ...schedule, predictionType: 'v_prediction' as const };
    expect(trainingTarget({ ...batch, schedule: velocity })).toEqual(velocityTarget({ ...batch, schedule }));
  });

  test('the signal-to-noise ratio falls, and passes 1 where signal and noise are equal', () => {
    const ratios = Array.from({ length: 1000 }, (_, t) => signalToNoiseRatio(schedule, t));
    expect(ratios.every((ratio, t) => t === 0 || ratio < ratios[t - 1]!)).toBe(true);
    const crossing = ratios.findIndex((ratio) => ratio < 1);
    expect(schedule.alphasCumprod[crossing]).toBeLessThan(0.5);
    expect(schedule.alphasCumprod[crossing - 1]).toBeGreaterThanOrEqual(0.5);
  });

  test('misuse is one sentence', () => {
    const one = Float32Array.of(1);
    expect(() => addNoise({ schedule, clean: one, noise: one, timesteps: [1000] })).toThrow(
      'expected an integer timestep from 0 to 999, got 1000',
    );
    expect(() => addNoise({ schedule, clean: one, noise: one, timesteps: [1.5] })).toThrow('got 1.5');
    expect(() => addNoise({ schedule, clean: one, noise: new Float32Array(2), timesteps: [1] })).toThrow(
      'expected as much noise as samples',
    );
  });
});

describe('timestep spacing', () => {
  const space = (name: keyof typeof TIMESTEP_SPACINGS, steps: number) =>
    TIMESTEP_SPACINGS[name]({ steps, numTrainTimesteps: 1000, stepsOffset: 1 });

  test('is that of Lin et al. 2024, table 2, counted from 0', () => {
    expect(space('leading', 10)).toEqual([901, 801, 701, 601, 501, 401, 301, 201, 101, 1]);
    expect(space('linspace', 10)).toEqual([999, 888, 777, 666, 555, 444, 333, 222, 111, 0]);
    expect(space('trailing', 10)).toEqual([999, 899, 799, 699, 599, 499, 399, 299, 199, 99]);
  });

  test('gives as many timesteps as steps, strictly falling, whatever their number', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 999 }),
        fc.constantFrom(...(['leading', 'linspace', 'trailing'] as const)),
        (steps, name) => {
          const timesteps = space(name, steps);
          expect(timesteps).toHaveLength(steps);
          expect(
            timesteps.every((t, i) => Number.isInteger(t) && t >= 0 && t < 1000 && (i === 0 || t < timesteps[i - 1]!)),
          ).toBe(true);
        },
      ),
    );
  });

  test('rounds as numpy does', () => {
    expect([0.5, 1.5, 2.5, 2.4999, -1.5].map(roundHalfToEven)).toEqual([0, 2, 2, 2, -2]);
  });
});
