/**
 * The noise-prediction objective: noise and targets prepared on the host, the loss built as a graph.
 * How samples are weighted and mixed is the caller's method, not this file's.
 */
import {
  elementCount,
  formatShape,
  mean,
  type ParameterScope,
  type RandomGenerator,
  type Shape,
  square,
  sub,
  type Tensor,
} from '@heed/autodiff';
import type { UnetConfig } from '../configs/unet-config.ts';
import { type UnetOptions, unet } from '../models/unet/unet.ts';
import { addNoise, signalToNoiseRatio, trainingTarget } from '../schedule/forward-process.ts';
import type { NoiseSchedule } from '../schedule/noise-schedule.ts';
import { minSnrWeight } from './min-snr.ts';

/** One noised batch of N latents, ready to be fed. */
export interface DenoisingBatch {
  /** [N, C, h, w] */
  noisyLatents: Float32Array;
  /** [N] */
  timestep: Float32Array;
  /** [N, C, h, w]: the noise, or the velocity, as the schedule predicts. */
  target: Float32Array;
  /** [N]: what each sample's loss is to be multiplied by; ones where all timesteps count alike. */
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
  return predictionErrorPerSample(prediction, target);
}

/** Squared error of each prediction [B, C, h, w], averaged over its elements: -> [B]. */
export function predictionErrorPerSample(prediction: Tensor, target: Tensor): Tensor {
  return mean(square(sub(prediction, target)), { axes: [1, 2, 3] });
}

/**
 * Draws a timestep and noise for each latent and mixes them in, by the schedule's forward process.
 * `latents.data` holds scaled latents [N, C, h, w]; with `gamma` the timesteps have min-SNR weights, without it they all
 * weigh the same.
 */
export function prepareDenoisingBatch({
  latents,
  random,
  schedule,
  gamma,
  timestepsFrom,
}: {
  latents: { data: Float32Array; shape: Shape };
  random: RandomGenerator;
  schedule: NoiseSchedule;
  gamma?: number | undefined;
  /** [N]: the lowest timestep that each may be noised to; 0 where absent. */
  timestepsFrom?: readonly number[] | undefined;
}): DenoisingBatch {
  const { data, shape } = latents;
  if (shape.length !== 4 || data.length !== elementCount(shape)) {
    throw new Error(
      `latents: expected [N, C, h, w] with as many values, got ${formatShape(shape)} with ${data.length} values`,
    );
  }
  const timestep = Float32Array.from({ length: shape[0]! }, (_, i) => {
    const from = timestepsFrom?.[i] ?? 0;
    return from + random.integer(schedule.numTrainTimesteps - from);
  });
  const noise = random.fillNormal(new Float32Array(data.length));
  const batch = { schedule, clean: data, noise, timesteps: timestep };
  const { predictionType } = schedule;
  return {
    noisyLatents: addNoise(batch),
    timestep,
    target: trainingTarget(batch),
    weights: timestep.map((step) =>
      gamma === undefined ? 1 : minSnrWeight(signalToNoiseRatio(schedule, step), { predictionType, gamma }),
    ),
  };
}
