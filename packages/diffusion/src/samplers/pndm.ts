/**
 * PNDM without Runge-Kutta steps (Liu et al. 2022, "Pseudo Numerical Methods for Diffusion Models on Manifolds"), also
 * known as PLMS: the sampler that Stable Diffusion 1.x was published with (diffusers: `skip_prk_steps`).
 */
import { alphaCumprodAt, nonZeroAlpha, type PredictionType } from '../schedule/noise-schedule.ts';
import { checkOutput, linearCombination, type SamplerOptions, spacedTimesteps } from './sampler.ts';

/** Adams-Bashforth weights of the newest outputs, newest first. */
const WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * Each step applies a linear multistep method to the outputs (the paper's gradient part, order four from the fifth step
 * on), then the paper's transfer part. The first step is an improved Euler step: a trial step, a network call at its
 * end, and the real step with the mean of both outputs. The network is therefore called `steps` + 1 times.
 */
export async function pndm(options: SamplerOptions): Promise<Float32Array> {
  const { denoise, schedule, steps, noise, onStep } = options;
  const timesteps = spacedTimesteps(options, 'leading');
  const stride = Math.floor(schedule.numTrainTimesteps / steps);
  const alphaAt = (timestep: number) =>
    timestep < 0 ? schedule.finalAlphaCumprod : nonZeroAlpha(alphaCumprodAt(schedule, timestep));
  const stepFrom = (target: Float32Array, sample: Float32Array, output: Float32Array, step: number) =>
    transfer(target, {
      sample,
      output,
      alpha: alphaAt(timesteps[step]!),
      alphaPrevious: alphaAt(timesteps[step + 1] ?? timesteps[step]! - stride),
      predictionType: schedule.predictionType,
    });

  const sample = noise.slice();
  const combined = new Float32Array(sample.length);
  const outputs: Float32Array[] = []; // newest first
  for (let step = 0; step < steps; step++) {
    const timestep = timesteps[step]!;
    outputs.unshift(checkOutput(await denoise(sample, timestep), sample).slice());
    if (step === 0 && steps > 1) {
      const ahead = stepFrom(new Float32Array(sample.length), sample, outputs[0]!, step);
      const there = checkOutput(await denoise(ahead, timesteps[1]!), sample);
      linearCombination(combined, 0.5, outputs[0]!, 0.5, there);
    } else {
      const weights = WEIGHTS[Math.min(step, WEIGHTS.length - 1)]!;
      combined.fill(0);
      weights.forEach((weight, i) => {
        linearCombination(combined, 1, combined, weight, outputs[i]!);
      });
    }
    outputs.length = Math.min(outputs.length, WEIGHTS.length - 1);
    stepFrom(sample, sample, combined, step);
    onStep?.({ step: step + 1, steps, timestep, sample });
  }
  return sample;
}

/** The paper's transfer part, which first converts velocity outputs to noise. `target` may be `sample`. */
function transfer(
  target: Float32Array,
  {
    sample,
    output,
    alpha,
    alphaPrevious,
    predictionType,
  }: {
    sample: Float32Array;
    output: Float32Array;
    alpha: number;
    alphaPrevious: number;
    predictionType: PredictionType;
  },
): Float32Array {
  const denominator = alpha * Math.sqrt(1 - alphaPrevious) + Math.sqrt(alpha * (1 - alpha) * alphaPrevious);
  const onNoise = (alpha - alphaPrevious) / denominator;
  const [onSample, onOutput] =
    predictionType === 'epsilon' ? [0, onNoise] : [onNoise * Math.sqrt(1 - alpha), onNoise * Math.sqrt(alpha)];
  return linearCombination(target, Math.sqrt(alphaPrevious / alpha) + onSample, sample, onOutput, output);
}
