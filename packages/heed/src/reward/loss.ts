/**
 * The reward model's loss: L = L_mse + lambda * L_pc (paper, section 3.2; L_pc is its equation 1).
 * Only the arithmetic: which pairs and which perturbed prompts come in is `train.ts`'s business.
 */
import {
  add,
  broadcastTo,
  concat,
  crossEntropy,
  div,
  mean,
  mul,
  type ParameterScope,
  reshape,
  slice,
  square,
  sub,
  type Tensor,
} from '@heed/diffusion/autodiff';
import { type RewardArchitecture, rewardModel } from './model.ts';

/** One batch of B labelled pairs, of which the first G are good and come with N perturbed prompts each. */
export interface RewardBatch {
  textEmbeds: Tensor; // [B, P], the prompts the images were made for
  imageEmbeds: Tensor; // [B, P]
  labels: Tensor; // [B], y: 1 good, 0 bad
}

/** What the auxiliary task adds to a batch. */
export interface PerturbedPrompts {
  textEmbeds: Tensor; // [G, N, P]
  originalIndex: Tensor; // int64 [G], all 0: the own prompt is put before the perturbed ones
}

/** The paper's two terms and their sum, all scalars. Without `perturbed` there is no auxiliary task. */
export function rewardLoss(
  p: ParameterScope,
  batch: RewardBatch,
  options: {
    architecture: RewardArchitecture;
    perturbed?: PerturbedPrompts;
    temperature: number;
    lambda: number;
  },
): { loss: Tensor; meanSquaredError: Tensor; promptClassification?: Tensor } {
  const { architecture, perturbed, temperature, lambda } = options;

  // L_mse = E_(x, z, y) [ (y - r(x, z))^2 ]
  const r = rewardModel(p, architecture, batch); // [B]
  const meanSquaredError = mean(square(sub(batch.labels, r)));
  if (perturbed === undefined) return { loss: meanSquaredError, meanSquaredError };

  // Equation 1: L_pc = E_(x, {z_j}, i') [ CE( P(i | x, {z_j}), i' ) ], P(i | x, {z_j}) = softmax_i( r(x, z_i) / T ), over good images.
  // With T = 2 and N = 10 the logits span [0, 0.5], so the own prompt's probability cannot pass 0.14: L_pc stays high.
  const good = perturbed.textEmbeds.shape[0]!;
  const ownReward = reshape(slice(r, { axis: 0, start: 0, end: good }), [good, 1]);
  const otherRewards = perturbedRewards(p, architecture, perturbed.textEmbeds, batch.imageEmbeds); // [G, N]
  const logits = div(concat([ownReward, otherRewards], 1), temperature); // [G, 1 + N]
  const promptClassification = mean(crossEntropy(logits, perturbed.originalIndex));

  // L = L_mse + lambda * L_pc
  return { loss: add(meanSquaredError, mul(promptClassification, lambda)), meanSquaredError, promptClassification };
}

/** r of the first G images with each of their N perturbed prompts: -> [G, N]. */
function perturbedRewards(
  p: ParameterScope,
  architecture: RewardArchitecture,
  textEmbeds: Tensor, // [G, N, P]
  imageEmbeds: Tensor, // [B, P]
): Tensor {
  const [good, prompts, size] = textEmbeds.shape as [number, number, number];
  const images = reshape(slice(imageEmbeds, { axis: 0, start: 0, end: good }), [good, 1, size]);
  const rewards = rewardModel(p, architecture, {
    textEmbeds: reshape(textEmbeds, [good * prompts, size]),
    imageEmbeds: reshape(broadcastTo(images, [good, prompts, size]), [good * prompts, size]),
  });
  return reshape(rewards, [good, prompts]);
}
