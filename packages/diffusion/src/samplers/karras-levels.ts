/** The noise levels of Karras et al. 2022: few levels at strong noise, many at weak noise. */
import { InputError } from '../errors.ts';
import { type NoiseSchedule, sigmaOfAlpha } from '../schedule/noise-schedule.ts';
import { roundHalfToEven } from '../schedule/timestep-spacing.ts';

/** Rho of equation 5: how densely the levels lie at low noise. */
const RHO = 7;

/** A noise level that a sampler visits on the way from pure noise to the clean sample. */
export interface NoiseLevel {
  /** The timestep that the network gets. */
  readonly timestep: number;
  /** The noise's standard deviation divided by the signal's factor. */
  readonly sigma: number;
}

/** The noise level sigma at an integer timestep. */
export function sigmaOf({ alphasCumprod }: NoiseSchedule, timestep: number): number {
  return sigmaOfAlpha(alphasCumprod[timestep]!);
}

/**
 * Equation 5 over the whole range of the schedule, noisiest first: sigma_i = (max^(1/rho) + i / (n - 1) (min^(1/rho) -
 * max^(1/rho)))^rho. Each level gets the trained timestep nearest in log sigma, as in diffusers'
 * DPMSolverMultistepScheduler; two levels can get the same timestep. Throws for an impossible number of steps.
 */
export function karrasLevels(schedule: NoiseSchedule, steps: number): NoiseLevel[] {
  const last = schedule.numTrainTimesteps - 1;
  if (!Number.isInteger(steps) || steps < 1 || steps > schedule.numTrainTimesteps) {
    throw new InputError(`sampler: expected steps from 1 to ${schedule.numTrainTimesteps}, got ${steps}`);
  }
  const [most, least] = [sigmaOf(schedule, last) ** (1 / RHO), sigmaOf(schedule, 0) ** (1 / RHO)];
  return Array.from({ length: steps }, (_, i) => {
    const sigma = (most + (steps === 1 ? 0 : i / (steps - 1)) * (least - most)) ** RHO;
    return { sigma, timestep: roundHalfToEven(timestepAt(schedule, Math.log(sigma))) };
  });
}

/** The timestep for a log sigma, by interpolation between two trained timesteps. */
function timestepAt(schedule: NoiseSchedule, logSigma: number): number {
  const at = (timestep: number) => Math.log(sigmaOf(schedule, timestep));
  let [low, high] = [0, schedule.numTrainTimesteps - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at(middle) <= logSigma) low = middle;
    else high = middle;
  }
  const share = (logSigma - at(low)) / (at(high) - at(low));
  return low + Math.min(1, Math.max(0, share)) * (high - low);
}
