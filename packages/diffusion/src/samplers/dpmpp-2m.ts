/** DPM-Solver++(2M) (Lu et al. 2022b, "DPM-Solver++", algorithm 2): second order, one network call a step. */
import { InputError } from '../errors.ts';
import { checkTimesteps, TIMESTEP_SPACINGS, type TimestepSpacing } from '../schedule/timestep-spacing.ts';
import { karrasLevels, type NoiseLevel, sigmaOf } from './karras-levels.ts';
import { CLEAN_SAMPLE, checkOutput, linearCombination, type SamplerOptions } from './sampler.ts';

/** Samples at the schedule's timesteps. */
export async function dpmpp2m(options: SamplerOptions): Promise<Float32Array> {
  const { schedule } = options;
  return solve(
    options,
    solverTimesteps(options).map((timestep) => ({ timestep, sigma: sigmaOf(schedule, timestep) })),
  );
}

/** Samples at the noise levels of Karras et al. 2022; the timestep spacing is ignored. */
export async function dpmpp2mKarras(options: SamplerOptions): Promise<Float32Array> {
  return solve(options, karrasLevels(options.schedule, options.steps));
}

/**
 * x_i = (sigma_i / sigma_{i-1}) x_{i-1} - alpha_i (e^{-h_i} - 1) D_i, where lambda = log(alpha / sigma), h = lambda_i -
 * lambda_{i-1}, D_i = (1 + 1 / 2r) x_0(i-1) - 1 / 2r x_0(i-2), r = h_{i-1} / h_i; the first and the last step take D_i
 * = x_0(i-1). The last step goes to sigma 0, where x is x_0 (diffusers: `final_sigmas_type: "zero"`,
 * `lower_order_final`).
 */
async function solve(
  { denoise, schedule, steps, noise, onStep }: SamplerOptions,
  levels: readonly NoiseLevel[],
): Promise<Float32Array> {
  const sample = noise.slice();
  let clean = new Float32Array(sample.length);
  let cleanBefore = new Float32Array(sample.length);
  let stepBefore = 0;
  for (let step = 0; step < steps; step++) {
    const { timestep, sigma } = levels[step]!;
    const from = variancePreserving(sigma);
    const output = checkOutput(await denoise(sample, timestep), sample);
    const [onSample, onOutput] = CLEAN_SAMPLE[schedule.predictionType](from.signal, from.spread);
    [clean, cleanBefore] = [cleanBefore, clean];
    linearCombination(clean, onSample, sample, onOutput, output);
    const next = levels[step + 1];
    if (next === undefined) sample.set(clean);
    else {
      const to = variancePreserving(next.sigma);
      const h = to.logSnr - from.logSnr;
      const weight = -to.signal * Math.expm1(-h); // of D_i
      linearCombination(
        sample,
        to.spread / from.spread,
        sample,
        weight * (step === 0 ? 1 : 1 + h / (2 * stepBefore)),
        clean,
      );
      if (step > 0) linearCombination(sample, 1, sample, (-weight * h) / (2 * stepBefore), cleanBefore);
      stepBefore = h;
    }
    onStep?.({ step: step + 1, steps, timestep, sample });
  }
  return sample;
}

/** alpha and sigma of a sample of variance 1, and lambda = log(alpha / sigma). */
function variancePreserving(sigma: number) {
  const signal = 1 / Math.sqrt(1 + sigma * sigma);
  return { signal, spread: sigma * signal, logSnr: -Math.log(sigma) };
}

/** diffusers' DPMSolverMultistepScheduler spaces `steps` + 1 points and drops the one at zero noise. */
function solverTimesteps({ schedule, steps, timestepSpacing }: SamplerOptions): number[] {
  const { numTrainTimesteps, stepsOffset } = schedule;
  const spacings: Record<TimestepSpacing, () => number[]> = {
    linspace: () => TIMESTEP_SPACINGS.linspace({ steps: steps + 1, numTrainTimesteps, stepsOffset }).slice(0, steps),
    leading: () => TIMESTEP_SPACINGS.leading({ steps: steps + 1, numTrainTimesteps, stepsOffset }).slice(0, steps),
    trailing: () => TIMESTEP_SPACINGS.trailing({ steps, numTrainTimesteps, stepsOffset }),
  };
  if (!Number.isInteger(steps) || steps < 1)
    throw new InputError(`sampler: expected steps from 1 to ${numTrainTimesteps}, got ${steps}`);
  const timesteps = spacings[timestepSpacing ?? schedule.timestepSpacing ?? 'linspace']();
  checkTimesteps(timesteps, { steps, numTrainTimesteps });
  return timesteps;
}
