/**
 * The loss that tunes the model: the paper's equation 2.
 *
 *     L(theta) = E_(x, z) in D_model [ -r(x, z) log p_theta(x | z) ]  +  beta E_(x, z) in D_pre [ -log p_theta(x | z) ]
 *
 * For a diffusion model the negative log-likelihood becomes the squared error of the predicted noise at a random
 * timestep, averaged over the elements of each sample before that sample is weighted by its own reward. A base that
 * was trained with weights on its timesteps is tuned with the same ones: a likelihood by another measure moves it anyway.
 * Where the samples come from is `data.ts`.
 */
import { denoisingLossPerSample, type UnetConfig, type UnetOptions } from '@heed/diffusion';
import { add, mean, mul, type ParameterScope, slice, type Tensor } from '@heed/diffusion/autodiff';

/** One batch: first M model-generated samples (D_model), then R pre-training samples (D_pre). */
export interface TuneBatch {
  noisyLatents: Tensor; // [M + R, C, h, w]
  timestep: Tensor; // [M + R]
  encoderHiddenStates: Tensor; // [M + R, T, D]
  target: Tensor; // [M + R, C, h, w]
  rewards: Tensor; // [M], r(x, z) in [0, 1]
  timestepWeights: Tensor; // [M + R], 1 where all timesteps count alike
}

/** Equation 2 on a batch. With R = 0 there is no pre-training term. All results are scalars. */
export function tuneLoss(
  p: ParameterScope,
  config: UnetConfig,
  batch: TuneBatch,
  options: { beta: number } & UnetOptions,
): { loss: Tensor; modelLoss: Tensor; pretrainingLoss?: Tensor } {
  const { beta, ...unetOptions } = options;
  const errors = denoisingLossPerSample(p, config, batch, unetOptions); // [M + R]
  const perSampleError = mul(errors, batch.timestepWeights);
  return rewardWeightedLoss(perSampleError, batch.rewards, beta);
}

/** mean(r * error over D_model) + beta * mean(error over D_pre); `perSampleError` is [M + R], `rewards` [M]. */
export function rewardWeightedLoss(
  perSampleError: Tensor,
  rewards: Tensor,
  beta: number,
): { loss: Tensor; modelLoss: Tensor; pretrainingLoss?: Tensor } {
  const modelCount = rewards.shape[0]!;
  const total = perSampleError.shape[0]!;
  const modelError = slice(perSampleError, { axis: 0, start: 0, end: modelCount });
  const modelLoss = mean(mul(rewards, modelError));
  if (total === modelCount) return { loss: modelLoss, modelLoss };

  const pretrainingLoss = mean(slice(perSampleError, { axis: 0, start: modelCount, end: total }));
  return { loss: add(modelLoss, mul(pretrainingLoss, beta)), modelLoss, pretrainingLoss };
}
