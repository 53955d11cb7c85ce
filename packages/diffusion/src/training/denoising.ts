/**
 * The noise-prediction objective: noise and targets are prepared outside the graph, and the loss is part of the graph.
 * The caller decides how samples are weighted and mixed.
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
  /** [N, C, h, w]: the noise or the velocity, depending on the schedule. */
  target: Float32Array;
  /** [N]: factor on each sample's loss; ones without timestep weighting. */
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
 * Draws a timestep and noise for each latent and adds the noise by the schedule's forward process. `latents.data` holds
 * scaled latents [N, C, h, w]; with `gamma` the timesteps have min-SNR weights, without `gamma` equal weights. Latents
 * with equal numbers in `draws` [N] (numbers from 0 on) get the same timestep and the same noise.
 */
export function prepareDenoisingBatch({
  latents,
  random,
  schedule,
  gamma,
  timestepsFrom,
  draws,
}: {
  latents: { data: Float32Array; shape: Shape };
  random: RandomGenerator;
  schedule: NoiseSchedule;
  gamma?: number | undefined;
  /** [N]: the lowest timestep for noising each sample; 0 if undefined. */
  timestepsFrom?: readonly number[] | undefined;
  draws?: readonly number[] | undefined;
}): DenoisingBatch {
  const { data, shape } = latents;
  if (shape.length !== 4 || data.length !== elementCount(shape)) {
    throw new Error(
      `latents: expected [N, C, h, w] with as many values, got ${formatShape(shape)} with ${data.length} values`,
    );
  }
  const count = shape[0]!;
  const size = data.length / count;
  const drawOf = draws ?? Array.from({ length: count }, (_, i) => i);
  const firstOf = Array.from({ length: Math.max(-1, ...drawOf) + 1 }, (_, draw) => drawOf.indexOf(draw));
  if (drawOf.length !== count || firstOf.includes(-1) || drawOf.some((draw) => firstOf[draw] === undefined)) {
    throw new Error(`draws: expected a number for each of ${count} latents, all from 0 on, got ${drawOf.join(', ')}`);
  }
  const drawnSteps = firstOf.map((i) => {
    const from = timestepsFrom?.[i] ?? 0;
    return from + random.integer(schedule.numTrainTimesteps - from);
  });
  const drawnNoise = random.fillNormal(new Float32Array(firstOf.length * size));
  const timestep = Float32Array.from(drawOf, (draw) => drawnSteps[draw]!);
  const noise = draws === undefined ? drawnNoise : new Float32Array(data.length);
  if (draws !== undefined) {
    for (const [i, draw] of draws.entries()) noise.set(drawnNoise.subarray(draw * size, (draw + 1) * size), i * size);
  }
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
