/** DDIM (Song, Meng and Ermon 2021): the generalised reverse process of equation 12. */
import { InputError } from '../errors.ts';
import { alphaCumprodAt } from '../schedule/noise-schedule.ts';
import { CLEAN_SAMPLE, checkOutput, linearCombination, type SamplerOptions, spacedTimesteps } from './sampler.ts';

/**
 * x_prev = sqrt(a_prev) x_0 + sqrt(1 - a_prev - sigma^2) eps + sigma z, with
 * sigma = eta sqrt((1 - a_prev) / (1 - a_t)) sqrt(1 - a_t / a_prev) (equations 12 and 16).
 * In the last step, a_prev is `finalAlphaCumprod`. Samples are latents, so x_0 is never clipped.
 */
export async function ddim(options: SamplerOptions): Promise<Float32Array> {
  const { denoise, schedule, steps, noise, random, eta = 0, onStep } = options;
  if (!(eta >= 0 && eta <= 1)) throw new InputError(`ddim: expected eta from 0 to 1, got ${eta}`);
  if (eta > 0 && !random) throw new Error('ddim: expected a source of noise for eta above 0, got none');
  const timesteps = spacedTimesteps(options, 'leading');
  const sample = noise.slice();
  const fresh = new Float32Array(eta > 0 ? sample.length : 0);
  for (let step = 0; step < steps; step++) {
    const timestep = timesteps[step]!;
    const alpha = alphaCumprodAt(schedule, timestep);
    const previous = timesteps[step + 1];
    const alphaPrevious = previous === undefined ? schedule.finalAlphaCumprod : alphaCumprodAt(schedule, previous);
    const output = checkOutput(await denoise(sample, timestep), sample);
    const signal = Math.sqrt(alpha);
    const spread = Math.sqrt(1 - alpha);
    const sigma =
      eta * Math.sqrt((1 - alphaPrevious) / (1 - alpha)) * Math.sqrt(Math.max(0, 1 - alpha / alphaPrevious));
    const direction = Math.sqrt(Math.max(0, 1 - alphaPrevious - sigma * sigma));
    const [onSample, onOutput] = CLEAN_SAMPLE[schedule.predictionType](signal, spread);
    // eps = (x - signal x_0) / spread, so that x_prev is one linear combination of the sample and the output.
    const onClean = Math.sqrt(alphaPrevious) - (direction * signal) / spread;
    linearCombination(sample, onClean * onSample + direction / spread, sample, onClean * onOutput, output);
    if (sigma > 0) linearCombination(sample, 1, sample, sigma, random!.fillNormal(fresh));
    onStep?.({ step: step + 1, steps, timestep, sample });
  }
  return sample;
}
