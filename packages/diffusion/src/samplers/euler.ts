/**
 * Euler's method on the probability flow, and its ancestral variant: Karras et al. 2022, algorithm 1 without churn, and
 * `sample_euler`, `sample_euler_ancestral` of k-diffusion. Both samplers work on x_0 + sigma noise rather than on
 * samples of variance 1.
 */
import { linspace } from '../schedule/beta-schedules.ts';
import { type NoiseSchedule, sigmaOfAlpha } from '../schedule/noise-schedule.ts';
import { checkTimesteps, TIMESTEP_SPACINGS } from '../schedule/timestep-spacing.ts';
import { CLEAN_SAMPLE, checkOutput, linearCombination, type SamplerOptions } from './sampler.ts';

/**
 * dx = (x - x_0) / sigma dsigma, one explicit step from each sigma to the next; the last step ends at sigma 0.
 * Deterministic.
 */
export function euler(options: SamplerOptions): Promise<Float32Array> {
  return walk(options, (_from, to) => ({ down: to, up: 0 }));
}

/** Each step goes below the next sigma, then adds as much noise as DDPM does. Needs `random`. */
export async function eulerAncestral(options: SamplerOptions): Promise<Float32Array> {
  if (!options.random) throw new Error('euler_a: expected a source of noise, got none');
  return walk(options, (from, to) => {
    const up = Math.min(to, Math.sqrt((to ** 2 * (from ** 2 - to ** 2)) / from ** 2));
    return { down: Math.sqrt(to ** 2 - up ** 2), up };
  });
}

async function walk(
  options: SamplerOptions,
  split: (from: number, to: number) => { down: number; up: number },
): Promise<Float32Array> {
  const { denoise, schedule, steps, noise, random, onStep } = options;
  const { timesteps, fullRange } = eulerTimesteps(options);
  const sigmas = [...timesteps.map((timestep) => sigmaAt(schedule, timestep)), 0];
  const first = sigmas[0]!;
  // diffusers' `init_noise_sigma`: if the first timestep is the last of training, the sample is treated as pure noise.
  const start = fullRange ? first : Math.sqrt(first ** 2 + 1);
  const sample = noise.map((x) => x * start);
  const input = new Float32Array(sample.length);
  const fresh = new Float32Array(sample.length);
  for (let step = 0; step < steps; step++) {
    const timestep = timesteps[step]!;
    const from = sigmas[step]!;
    const signal = 1 / Math.sqrt(from ** 2 + 1);
    linearCombination(input, signal, sample, 0, sample);
    const output = checkOutput(await denoise(input, timestep), sample);
    const [onInput, onOutput] = CLEAN_SAMPLE[schedule.predictionType](signal, from * signal);
    const { down, up } = split(from, sigmas[step + 1]!);
    const kept = down / from;
    linearCombination(sample, kept + (1 - kept) * onInput * signal, sample, (1 - kept) * onOutput, output);
    if (up > 0) linearCombination(sample, 1, sample, up, random!.fillNormal(fresh));
    onStep?.({ step: step + 1, steps, timestep, sample });
  }
  return sample;
}

/**
 * The default spacing, "linspace", is not rounded, so the network's timesteps may lie between two trained timesteps.
 */
function eulerTimesteps({ schedule, steps, timestepSpacing }: SamplerOptions): {
  timesteps: number[];
  fullRange: boolean;
} {
  const { numTrainTimesteps } = schedule;
  const spacing = timestepSpacing ?? schedule.timestepSpacing ?? 'linspace';
  const timesteps =
    spacing === 'linspace'
      ? [...linspace(0, numTrainTimesteps - 1, steps)].reverse()
      : TIMESTEP_SPACINGS[spacing]({ ...schedule, steps });
  checkTimesteps(timesteps, { steps, numTrainTimesteps });
  return { timesteps, fullRange: spacing !== 'leading' };
}

/** Noise-to-signal ratio sigma at a timestep, by linear interpolation between trained timesteps. */
function sigmaAt({ alphasCumprod }: NoiseSchedule, timestep: number): number {
  const low = Math.floor(timestep);
  const [below, above] = [low, Math.min(low + 1, alphasCumprod.length - 1)].map((t) =>
    sigmaOfAlpha(alphasCumprod[t]!),
  ) as [number, number];
  return below + (timestep - low) * (above - below);
}
