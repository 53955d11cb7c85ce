/**
 * The noise-prediction objective: noise and targets prepared on the host, the loss built as a graph.
 * How samples are weighted and mixed is the caller's method, not this file's.
 */
import { mean, type ParameterScope, type RandomGenerator, type Shape, square, sub, type Tensor } from '@heed/autodiff';
import type { UnetConfig } from '../configs/unet-config.ts';
import { type UnetOptions, unet } from '../models/unet/unet.ts';
import { minSnrWeight } from './min-snr.ts';

/** One noised batch of N latents, ready to be fed. */
export interface DenoisingBatch {
  /** [N, C, h, w] */
  noisyLatents: Float32Array;
  /** [N] */
  timestep: Float32Array;
  /** [N, C, h, w]: the noise, or the velocity, as the schedule predicts. */
  target: Float32Array;
  /** [N]: min-SNR weights; multiply each sample's loss by them, or leave them. */
  weights: Float32Array;
}

/** Squared prediction error of each sample, averaged over its elements: -> [B]. */
export function denoisingLossPerSample(
  p: ParameterScope,
  config: UnetConfig,
  {
    noisyLatents,
    timestep,
    encoderHiddenStates,
    target,
  }: { noisyLatents: Tensor; timestep: Tensor; encoderHiddenStates: Tensor; target: Tensor },
  options: UnetOptions = {},
): Tensor {
  const prediction = unet(p, config, { sample: noisyLatents, timestep, encoderHiddenStates }, options);
  return mean(square(sub(prediction, target)), { axes: [1, 2, 3] });
}

/** What of a `NoiseSchedule` the forward process needs. */
export interface ForwardProcess {
  /** The product of 1 - beta up to each training step. */
  readonly alphasCumprod: Float64Array;
  readonly predictionType: 'epsilon' | 'v_prediction';
}

/**
 * Draws a timestep and noise for each latent and mixes them in (Ho et al. 2020, equation 4; velocity as Salimans and Ho
 * 2022, appendix D). `latents.data` holds scaled latents [N, C, h, w].
 */
export function prepareDenoisingBatch({
  latents,
  random,
  schedule,
  gamma = 5,
}: {
  latents: { data: Float32Array; shape: Shape };
  random: RandomGenerator;
  schedule: ForwardProcess;
  gamma?: number;
}): DenoisingBatch {
  const { data, shape } = latents;
  const count = shape[0]!;
  const size = data.length / count;
  if (shape.length !== 4 || data.length !== shape.reduce((product, axis) => product * axis, 1)) {
    throw new Error(
      `latents: expected [N, C, h, w] with as many values, got [${shape.join(', ')}] with ${data.length} values`,
    );
  }
  const { alphasCumprod, predictionType } = schedule;
  const noise = random.fillNormal(new Float32Array(data.length));
  const noisyLatents = new Float32Array(data.length);
  const target = predictionType === 'epsilon' ? noise : new Float32Array(data.length);
  const timestep = new Float32Array(count);
  const weights = new Float32Array(count);
  for (let sample = 0; sample < count; sample++) {
    const step = random.integer(alphasCumprod.length);
    const kept = alphasCumprod[step]!;
    const signal = Math.sqrt(kept);
    const sigma = Math.sqrt(1 - kept);
    timestep[sample] = step;
    weights[sample] = minSnrWeight(kept / (1 - kept), { predictionType, gamma });
    for (let i = sample * size; i < (sample + 1) * size; i++) {
      noisyLatents[i] = signal * data[i]! + sigma * noise[i]!;
      if (predictionType === 'v_prediction') target[i] = signal * noise[i]! - sigma * data[i]!;
    }
  }
  return { noisyLatents, timestep, target, weights };
}
