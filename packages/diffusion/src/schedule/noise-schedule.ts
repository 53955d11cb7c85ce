/**
 * The forward process of a diffusion model: how much signal and noise a sample holds at each training timestep.
 * Samplers, which reverse this process, are in `samplers/`.
 */
import { describeValue } from '../configs/parse-config.ts';
import type { SchedulerConfig } from '../configs/scheduler-config.ts';
import { InputError } from '../errors.ts';
import { BETA_SCHEDULES } from './beta-schedules.ts';
import { isTimestepSpacing, TIMESTEP_SPACINGS, type TimestepSpacing } from './timestep-spacing.ts';

export type PredictionType = 'epsilon' | 'v_prediction';

export interface NoiseSchedule {
  readonly numTrainTimesteps: number;
  readonly predictionType: PredictionType;
  /** Share of the signal's variance that is left at each timestep: x_t = sqrt(a) x_0 + sqrt(1 - a) noise. */
  readonly alphasCumprod: Float64Array; // [numTrainTimesteps]
  /** The value of `alphasCumprod` "before" timestep 0: 1 where `set_alpha_to_one`, else the value at timestep 0. */
  readonly finalAlphaCumprod: number;
  /** Offset that is added to timesteps with "leading" spacing; 1 for Stable Diffusion. */
  readonly stepsOffset: number;
  /** The spacing from the config. When the config has no spacing, the sampler uses its own default. */
  readonly timestepSpacing: TimestepSpacing | undefined;
}

/**
 * Makes the schedule that `scheduler_config.json` describes. Throws for betas outside (0, 1), a wrong number of betas,
 * or an unknown spacing.
 */
export function createSchedule(config: SchedulerConfig): NoiseSchedule {
  const numTrainTimesteps = config.num_train_timesteps;
  const betas = config.trained_betas
    ? Float64Array.from(config.trained_betas)
    : BETA_SCHEDULES[config.beta_schedule]({
        betaStart: config.beta_start,
        betaEnd: config.beta_end,
        steps: numTrainTimesteps,
      });
  if (betas.length !== numTrainTimesteps) {
    throw new InputError(
      `noise schedule: expected ${numTrainTimesteps} trained_betas, as num_train_timesteps says, got ${betas.length}`,
    );
  }
  let product = 1;
  const trained = betas.map((beta, t) => {
    if (!(beta > 0 && beta < 1))
      throw new InputError(`noise schedule: expected betas between 0 and 1, got ${beta} at timestep ${t}`);
    product *= 1 - beta;
    return product;
  });
  if (config.rescale_betas_zero_snr && config.prediction_type === 'epsilon') {
    throw new InputError(
      'noise schedule: expected prediction_type v_prediction with rescale_betas_zero_snr, got epsilon, which says nothing of a picture in pure noise',
    );
  }
  const alphasCumprod = config.rescale_betas_zero_snr ? rescaledToZeroSnr(trained) : trained;
  const spacing = config.timestep_spacing;
  if (spacing !== undefined && spacing !== null && !isTimestepSpacing(spacing)) {
    throw new InputError(
      `noise schedule: expected timestep_spacing ${Object.keys(TIMESTEP_SPACINGS).join(', ')}, got ${describeValue(spacing)}`,
    );
  }
  return {
    numTrainTimesteps,
    predictionType: config.prediction_type,
    alphasCumprod,
    finalAlphaCumprod: config.set_alpha_to_one ? 1 : alphasCumprod[0]!,
    stepsOffset: config.steps_offset,
    timestepSpacing: spacing ?? undefined,
  };
}

/**
 * Lin et al. 2024, algorithm 1: the square roots of the alphas are shifted so that the last becomes zero, and scaled so
 * that the first keeps its value.
 */
function rescaledToZeroSnr(alphasCumprod: Float64Array): Float64Array {
  const [first, last] = [Math.sqrt(alphasCumprod[0]!), Math.sqrt(alphasCumprod.at(-1)!)];
  const rescaled = alphasCumprod.map((alpha) => (((Math.sqrt(alpha) - last) * first) / (first - last)) ** 2);
  rescaled[rescaled.length - 1] = 0;
  return rescaled;
}

/**
 * The value that replaces an alpha of zero, for which the ratio of noise to signal would be infinite; diffusers uses
 * the same number.
 */
const ALPHA_FOR_ZERO = 2 ** -24;

/** `alpha`, or a small positive number where `alpha` is zero. */
export function nonZeroAlpha(alpha: number): number {
  return alpha === 0 ? ALPHA_FOR_ZERO : alpha;
}

/** The ratio of noise to signal at the cumulative alpha `alpha`; also finite for pure noise, where `alpha` is 0. */
export function sigmaOfAlpha(alpha: number): number {
  const finite = nonZeroAlpha(alpha);
  return Math.sqrt((1 - finite) / finite);
}

/** `alphasCumprod` at `timestep`; throws when there is no such timestep. */
export function alphaCumprodAt({ alphasCumprod, numTrainTimesteps }: NoiseSchedule, timestep: number): number {
  const value = alphasCumprod[timestep];
  if (value === undefined)
    throw new InputError(
      `noise schedule: expected an integer timestep from 0 to ${numTrainTimesteps - 1}, got ${timestep}`,
    );
  return value;
}
