/**
 * The training timesteps that a sampler visits, spaced as in diffusers (Lin et al. 2024, table 2). Timesteps are listed
 * from the noisiest down.
 */
import { InputError } from '../errors.ts';
import { linspace } from './beta-schedules.ts';

interface SpacingOptions {
  readonly steps: number;
  readonly numTrainTimesteps: number;
  readonly stepsOffset: number;
}

/** Each function returns `steps` integers, descending. */
export const TIMESTEP_SPACINGS = {
  /** Equal strides from 0, which omit the last timesteps; the default of DDIM and PNDM. */
  leading: ({ steps, numTrainTimesteps, stepsOffset }: SpacingOptions) => {
    const stride = Math.floor(numTrainTimesteps / steps);
    return Array.from({ length: steps }, (_, i) => (steps - 1 - i) * stride + stepsOffset);
  },
  /** From the last timestep down in equal strides. */
  trailing: ({ steps, numTrainTimesteps }: SpacingOptions) =>
    Array.from({ length: steps }, (_, i) => roundHalfToEven(numTrainTimesteps - (i * numTrainTimesteps) / steps) - 1),
  /** From the last timestep to the first, both included. */
  linspace: ({ steps, numTrainTimesteps }: SpacingOptions) =>
    Array.from(linspace(0, numTrainTimesteps - 1, steps), roundHalfToEven).reverse(),
} as const satisfies Record<string, (options: SpacingOptions) => number[]>;

export type TimestepSpacing = keyof typeof TIMESTEP_SPACINGS;

export function isTimestepSpacing(name: unknown): name is TimestepSpacing {
  return typeof name === 'string' && Object.hasOwn(TIMESTEP_SPACINGS, name);
}

/** Rounds as numpy does, because diffusers computes timesteps with numpy. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/** Throws unless `timesteps` decrease strictly and lie within the schedule. */
export function checkTimesteps(
  timesteps: readonly number[],
  { steps, numTrainTimesteps }: Omit<SpacingOptions, 'stepsOffset'>,
): void {
  if (!Number.isInteger(steps) || steps < 1 || steps > numTrainTimesteps) {
    throw new InputError(`sampler: expected steps from 1 to ${numTrainTimesteps}, got ${steps}`);
  }
  timesteps.forEach((timestep, i) => {
    if (!(timestep >= 0 && timestep < numTrainTimesteps) || !(i === 0 || timestep < timesteps[i - 1]!)) {
      throw new Error(
        `sampler: expected timesteps that fall from ${numTrainTimesteps - 1}, got ${timestep} at step ${i + 1} of ${steps}`,
      );
    }
  });
}
