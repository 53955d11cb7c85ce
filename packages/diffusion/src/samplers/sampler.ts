/** The interface of samplers, and their shared conversions between noise, velocity and clean sample. */
import type { RandomGenerator } from '@heed/autodiff';
import type { NoiseSchedule, PredictionType } from '../schedule/noise-schedule.ts';
import { checkTimesteps, TIMESTEP_SPACINGS, type TimestepSpacing } from '../schedule/timestep-spacing.ts';

export interface SamplerOptions {
  /**
   * The network: returns its raw output (noise or velocity, after guidance) for a sample of variance 1 at a timestep.
   * The timestep may lie between two integers. The input array is changed afterwards; the output array is only read.
   */
  readonly denoise: (sample: Float32Array, timestep: number) => Promise<Float32Array>;
  readonly schedule: NoiseSchedule;
  /** Number of network calls; PNDM makes one more. */
  readonly steps: number;
  /** Standard normal noise in the sample's layout; not modified. */
  readonly noise: Float32Array;
  /** Random numbers for samplers that add noise. In a batch, each sample has its own stream. */
  readonly random?: Pick<RandomGenerator, 'fillNormal'> | undefined;
  /** Factor on DDPM's noise in DDIM: 0 is deterministic, 1 is DDPM. Other samplers ignore it. */
  readonly eta?: number | undefined;
  /** Overrides the timestep spacing of the schedule and the sampler's default. */
  readonly timestepSpacing?: TimestepSpacing | undefined;
  /** Called after each step; `sample` is the sampler's own array, which later steps overwrite. */
  readonly onStep?:
    | ((progress: { step: number; steps: number; timestep: number; sample: Float32Array }) => void)
    | undefined;
}

/**
 * Converts noise to a clean sample and returns it as a new array. Throws for a number of steps that the schedule does
 * not allow.
 */
export type Sampler = (options: SamplerOptions) => Promise<Float32Array>;

/**
 * The timesteps to visit, descending. The spacing is that of the caller's options, else that of the schedule, else
 * `fallback`.
 */
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
 * Coefficients (onSample, onOutput) with which the clean sample is a linear combination of the sample and the network's
 * raw output. The sample is `signal` x_0 + `spread` noise, with signal^2 + spread^2 = 1.
 */
export const CLEAN_SAMPLE: Readonly<
  Record<PredictionType, (signal: number, spread: number) => readonly [number, number]>
> = {
  /** x_0 = (x - spread eps) / signal. */
  epsilon: (signal, spread) => [1 / signal, -spread / signal],
  /** x_0 = signal x - spread v (Salimans and Ho 2022, appendix D). */
  v_prediction: (signal, spread) => [signal, -spread],
};

/** `a x + b y`, element by element, into `target` (which may be the array x or y). */
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

/** Returns `output`; throws when it has another length than `sample`, the network's input. */
export function checkOutput(output: Float32Array, sample: Float32Array): Float32Array {
  if (output.length !== sample.length)
    throw new Error(`sampler: expected the network to return ${sample.length} values, got ${output.length}`);
  return output;
}
