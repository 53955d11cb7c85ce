/**
 * Ancestral sampling as DDPM was published (Ho, Jain and Abbeel 2020, algorithm 2), over all timesteps or a part of
 * them.
 */
import { alphaCumprodAt, type PredictionType } from '../schedule/noise-schedule.ts';
import { CLEAN_SAMPLE, checkOutput, linearCombination, type SamplerOptions, spacedTimesteps } from './sampler.ts';

/** One draw from q(x_prev | x_t, x_0) with the network's estimate of x_0 (equations 6 and 7), written over `sample`. */
function ddpmStep({
  sample,
  output,
  alphaCumprod,
  alphaCumprodPrevious,
  predictionType,
  random,
}: {
  sample: Float32Array;
  output: Float32Array;
  alphaCumprod: number;
  alphaCumprodPrevious: number;
  predictionType: PredictionType;
  random: NonNullable<SamplerOptions['random']>;
}): Float32Array {
  const alpha = alphaCumprod / alphaCumprodPrevious;
  const beta = 1 - alpha;
  const [onSample, onOutput] = CLEAN_SAMPLE[predictionType](Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod));
  const onClean = (Math.sqrt(alphaCumprodPrevious) * beta) / (1 - alphaCumprod);
  const onItself = (Math.sqrt(alpha) * (1 - alphaCumprodPrevious)) / (1 - alphaCumprod);
  const variance = ((1 - alphaCumprodPrevious) / (1 - alphaCumprod)) * beta;
  linearCombination(sample, onItself + onClean * onSample, sample, onClean * onOutput, output);
  if (variance > 0) {
    linearCombination(sample, 1, sample, Math.sqrt(variance), random.fillNormal(new Float32Array(sample.length)));
  }
  return sample;
}

/** Algorithm 2 over `steps` timesteps; the last step leads to the clean sample, without noise. Needs `random`. */
export async function ddpm(options: SamplerOptions): Promise<Float32Array> {
  const { denoise, schedule, steps, noise, random, onStep } = options;
  if (!random) throw new Error('ddpm: expected a source of noise, got none');
  const timesteps = spacedTimesteps(options, 'leading');
  const sample = noise.slice();
  for (let step = 0; step < steps; step++) {
    const timestep = timesteps[step]!;
    const previous = timesteps[step + 1];
    ddpmStep({
      sample,
      output: checkOutput(await denoise(sample, timestep), sample),
      alphaCumprod: alphaCumprodAt(schedule, timestep),
      alphaCumprodPrevious: previous === undefined ? 1 : alphaCumprodAt(schedule, previous),
      predictionType: schedule.predictionType,
      random,
    });
    onStep?.({ step: step + 1, steps, timestep, sample });
  }
  return sample;
}
