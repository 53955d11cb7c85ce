/** What every sampler takes and gives, and the algebra between noise, velocity and clean sample that all share. */
import type { RandomGenerator } from '@heed/autodiff';
import type { NoiseSchedule, PredictionType } from '../schedule/noise-schedule.ts';
import { checkTimesteps, TIMESTEP_SPACINGS, type TimestepSpacing } from '../schedule/timestep-spacing.ts';

export interface SamplerOptions {
  /**
   * The network: its raw output (noise or velocity, after guidance) for a sample of variance 1 at a timestep, which can
   * lie between two integers. The array that it is given changes afterwards; the one that it returns is only read.
   */
  readonly denoise: (sample: Float32Array, timestep: number) => Promise<Float32Array>;
  readonly schedule: NoiseSchedule;
  /** How often the network is asked; PNDM asks once more. */
  readonly steps: number;
  /** Standard normal, in the sample's layout; not changed. */
  readonly noise: Float32Array;
  /** Noise along the way, for samplers that add some; a batch gives each of its samples a separate stream here. */
  readonly random?: Pick<RandomGenerator, 'fillNormal'> | undefined;
  /** DDIM's share of DDPM's noise: 0 is deterministic, 1 is DDPM. Other samplers ignore it. */
  readonly eta?: number | undefined;
  /** Overrides the schedule's and the sampler's own. */
  readonly timestepSpacing?: TimestepSpacing | undefined;
  /** Called after each step; `sample` is the sampler's own array, to be read at once. */
  readonly onStep?:
    | ((progress: { step: number; steps: number; timestep: number; sample: Float32Array }) => void)
    | undefined;
}

/**
 * Walks from noise to a clean sample; returns a new array. Throws one sentence for steps that the schedule does not
 * have.
 */
export type Sampler = (options: SamplerOptions) => Promise<Float32Array>;

/** The timesteps to visit, descending, spaced as asked for: by the caller, else the schedule, else `fallback`. */
export function spacedTimesteps(
  { schedule, steps, timestepSpacing }: SamplerOptions,
  fallback: TimestepSpacing,
): number[] {
  const spacing = timestepSpacing ?? schedule.timestepSpacing ?? fallback;
  const timesteps = TIMESTEP_SPACINGS[spacing]({ ...schedule, steps });
  checkTimesteps(timesteps, { steps, numTrainTimesteps: schedule.numTrainTimesteps });
  return timesteps;
}

/**
 * The two numbers (onSample, onOutput) that make the clean sample of a sample and a raw output when the sample is
 * `signal` x_0 + `spread` noise, signal^2 + spread^2 = 1.
 */
export const CLEAN_SAMPLE: Readonly<
  Record<PredictionType, (signal: number, spread: number) => readonly [number, number]>
> = {
  /** x_0 = (x - spread eps) / signal. */
  epsilon: (signal, spread) => [1 / signal, -spread / signal],
  /** x_0 = signal x - spread v (Salimans and Ho 2022, appendix D). */
  v_prediction: (signal, spread) => [signal, -spread],
};

/** `a x + b y`, element by element, into `target` (which may be one of them). */
export function linearCombination(
  target: Float32Array,
  a: number,
  x: Float32Array,
  b: number,
  y: Float32Array,
): Float32Array {
  for (let i = 0; i < target.length; i++) target[i] = a * x[i]! + b * y[i]!;
  return target;
}

/** Throws one sentence when a network's output is not like its input. */
export function checkOutput(output: Float32Array, sample: Float32Array): Float32Array {
  if (output.length !== sample.length)
    throw new Error(`sampler: expected the network to return ${sample.length} values, got ${output.length}`);
  return output;
}
