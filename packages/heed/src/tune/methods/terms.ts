/** Terms that the losses of several methods share. */
import { predictionErrorPerSample } from '@heed/diffusion';
import { add, mean, mul, slice, type Tensor } from '@heed/diffusion/autodiff';
import type { Batch } from '../method.ts';

/** Squared error of each prediction [N, C, h, w], averaged over its elements, times the weight of its timestep: -> [N]. */
export function errorPerSample(prediction: Tensor, { target, timestepWeights }: Batch): Tensor {
  return mul(predictionErrorPerSample(prediction, target), timestepWeights);
}

/** Adds beta times the mean error of the pre-training pairs, which follow the first `modelCount` of `errors` [M + R]. */
export function withPretraining(
  modelLoss: Tensor,
  { errors, modelCount, beta }: { errors: Tensor; modelCount: number; beta: number },
): { loss: Tensor; modelLoss: Tensor; pretrainingLoss?: Tensor } {
  const total = errors.shape[0]!;
  if (total === modelCount) return { loss: modelLoss, modelLoss };
  const pretrainingLoss = mean(slice(errors, { axis: 0, start: modelCount, end: total }));
  return { loss: add(modelLoss, mul(pretrainingLoss, beta)), modelLoss, pretrainingLoss };
}
