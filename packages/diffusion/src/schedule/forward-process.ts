/** The closed forms of the forward process that training needs: noised samples, targets, signal-to-noise ratio. */
import { alphaCumprodAt, type NoiseSchedule } from './noise-schedule.ts';

/** A batch: `clean` and `noise` contain one sample for each of `timesteps`, concatenated. */
export interface ForwardProcessBatch {
  readonly schedule: NoiseSchedule;
  readonly clean: Float32Array; // [B, ...]
  readonly noise: Float32Array; // [B, ...]
  readonly timesteps: ArrayLike<number>; // [B]
}

/**
 * x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise (Ho et al. 2020, equation 4). Returns a new array with the layout of
 * `clean`.
 */
export function addNoise(batch: ForwardProcessBatch): Float32Array {
  return combine(batch, batch.clean, batch.noise, 1);
}

/**
 * v_t = sqrt(a_t) noise - sqrt(1 - a_t) x_0 (Salimans and Ho 2022, appendix D). Returns a new array with the layout of
 * `clean`.
 */
export function velocityTarget(batch: ForwardProcessBatch): Float32Array {
  return combine(batch, batch.noise, batch.clean, -1);
}

/** The training target under this schedule: the noise, or the velocity. */
export function trainingTarget(batch: ForwardProcessBatch): Float32Array {
  return batch.schedule.predictionType === 'epsilon' ? batch.noise : velocityTarget(batch);
}

/** a_t / (1 - a_t): how many times more variance the signal has than the noise at integer `timestep`. */
export function signalToNoiseRatio(schedule: NoiseSchedule, timestep: number): number {
  const alpha = alphaCumprodAt(schedule, timestep);
  return alpha / (1 - alpha);
}

/** sqrt(a) first + sign sqrt(1 - a) second, sample by sample. */
function combine(
  { schedule, clean, noise, timesteps }: ForwardProcessBatch,
  first: Float32Array,
  second: Float32Array,
  sign: 1 | -1,
): Float32Array {
  if (clean.length !== noise.length || clean.length % timesteps.length !== 0) {
    throw new Error(
      `forward process: expected as much noise as samples, and whole samples for ${timesteps.length} timesteps, got ${noise.length} and ${clean.length} values`,
    );
  }
  const size = clean.length / timesteps.length;
  const result = new Float32Array(clean.length);
  for (let sample = 0; sample < timesteps.length; sample++) {
    const alpha = alphaCumprodAt(schedule, timesteps[sample]!);
    const a = Math.sqrt(alpha);
    const b = sign * Math.sqrt(1 - alpha);
    for (let i = sample * size; i < (sample + 1) * size; i++) result[i] = a * first[i]! + b * second[i]!;
  }
  return result;
}
