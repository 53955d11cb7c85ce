/** Shared parts of the methods: loss terms, and batches with uniform sampling. */
import { predictionErrorPerSample } from '@heed/diffusion';
import { add, elementCount, mean, mul, slice, type Tensor } from '@heed/diffusion/autodiff';
import { batchCounts, createTuneBatches, denoisingSpecs, type TuneBatches } from '../batches.ts';
import type { Batch, BatchInputs, NetworkInputs } from '../method.ts';
import type { TuneOptions } from '../options.ts';
import { positionIn } from '../reward-stream.ts';
import { createShuffledStream } from '../stream.ts';

/** Whether pre-training pairs are used and drawn in proportion to a power of their reward. */
export function readsPretrainingReward({ beta, pretrainingRewardPower }: TuneOptions): boolean {
  return beta > 0 && pretrainingRewardPower !== undefined;
}

/**
 * Squared error of each prediction [N, C, h, w], averaged over its elements and multiplied by the weight of its
 * timestep. Returns [N].
 */
export function errorPerSample(
  prediction: Tensor,
  { target, timestepWeights }: Pick<Batch, 'target' | 'timestepWeights'>,
): Tensor {
  return mul(predictionErrorPerSample(prediction, target), timestepWeights);
}

/** The first `count` rows. */
export const firstRows = (x: Tensor, count: number): Tensor =>
  count === x.shape[0] ? x : slice(x, { axis: 0, start: 0, end: count });

/** The part of the batch that belongs to the M model-generated images, without the pre-training pairs. */
export function modelPart(batch: Batch, modelCount: number): NetworkInputs & Pick<Batch, 'target' | 'timestepWeights'> {
  return {
    noisyLatents: firstRows(batch.noisyLatents, modelCount),
    timestep: firstRows(batch.timestep, modelCount),
    encoderHiddenStates: firstRows(batch.encoderHiddenStates, modelCount),
    target: firstRows(batch.target, modelCount),
    timestepWeights: firstRows(batch.timestepWeights, modelCount),
  };
}

/**
 * Adds beta times the mean error of the pre-training pairs. In `errors` [M + R], the pairs follow the first
 * `modelCount` samples.
 */
export function withPretraining(
  modelLoss: Tensor,
  { errors, modelCount, beta }: { errors: Tensor; modelCount: number; beta: number },
): { loss: Tensor; modelLoss: Tensor; pretrainingLoss?: Tensor } {
  const total = errors.shape[0]!;
  if (total === modelCount) return { loss: modelLoss, modelLoss };
  const pretrainingLoss = mean(slice(errors, { axis: 0, start: modelCount, end: total }));
  return { loss: add(modelLoss, mul(pretrainingLoss, beta)), modelLoss, pretrainingLoss };
}

const SMALL = { elements: 4 * 16 * 16, beta: 1000 };
const MAX_AUTO_BETA = 5000;

/**
 * The beta of DPO and KTO for a target of shape [N, C, h, w]. 'auto' grows with the square root of C * h * w: 1000 at 4
 * x 16 x 16 (tried on the tiny model), 4000 at Stable Diffusion's 4 x 64 x 64, and 5000 at most. Diffusion-DPO uses a
 * beta of 2000 to 5000 for Stable Diffusion. A mean error over more elements varies less, so beta must grow.
 */
export function resolveBeta(beta: number | 'auto', target: Tensor): number {
  if (beta !== 'auto') return beta;
  const elements = elementCount(target.shape.slice(1));
  return Math.min(MAX_AUTO_BETA, SMALL.beta * Math.sqrt(elements / SMALL.elements));
}

/** Makes batches of images that are drawn uniformly, without feeds of a method. */
export function shuffledBatches(inputs: BatchInputs): TuneBatches {
  const { samples, options } = inputs;
  const { modelCount } = batchCounts(options);
  const stream = createShuffledStream({ name: 'model', size: samples.length, seed: options.seed });
  return createTuneBatches(inputs, {
    specs: denoisingSpecs,
    at: (batch) => ({ samples: stream.at(batch * modelCount, modelCount).map((i) => samples[i]!), feeds: {} }),
    position: (batch) => positionIn(samples.length, batch * modelCount),
  });
}
