/**
 * The reward model's loss: L = L_mse + lambda * L_pc (paper, section 3.2; L_pc is its equation 1).
 * Only the arithmetic: which pairs and which perturbed prompts come in is `train.ts`'s business.
 */
import {
  add,
  broadcastTo,
  crossEntropy,
  div,
  mean,
  mul,
  type ParameterScope,
  reshape,
  slice,
  square,
  sub,
  sum,
  type Tensor,
} from '@heed/diffusion/autodiff';
import { type RewardArchitecture, rewardModel } from './model.ts';

/** One batch. Prompt 0 of each row is the image's own, the others are perturbed ones. */
export interface RewardBatch {
  textEmbeds: Tensor; // [B, 1 + N, P]
  imageEmbeds: Tensor; // [B, P]
  labels: Tensor; // [B], y: 1 good, 0 bad
  classificationWeights: Tensor; // [B], 1 / (good images in the batch) where the image is good, else 0
  originalIndex: Tensor; // int64 [B], all 0: where the own prompt stands
}

/** The paper's two terms and their sum, all scalars. `promptCount` is 1 + N; with 1 there is no auxiliary task. */
export function rewardLoss(
  p: ParameterScope,
  batch: RewardBatch,
  options: { architecture: RewardArchitecture; promptCount: number; temperature: number; lambda: number },
): { loss: Tensor; meanSquaredError: Tensor; promptClassification?: Tensor } {
  const { architecture, promptCount, temperature, lambda } = options;
  const batchSize = batch.imageEmbeds.shape[0]!;
  const rows = batchSize * promptCount;
  const { projectionDim } = architecture;
  const images = reshape(batch.imageEmbeds, [batchSize, 1, projectionDim]);
  const r = reshape(
    rewardModel(p, architecture, {
      textEmbeds: reshape(batch.textEmbeds, [rows, projectionDim]),
      imageEmbeds: reshape(broadcastTo(images, [batchSize, promptCount, projectionDim]), [rows, projectionDim]),
    }),
    [batchSize, promptCount],
  ); // [B, 1 + N]

  // L_mse = E_(x, z, y) [ (y - r(x, z))^2 ]
  const ownReward = reshape(slice(r, { axis: 1, start: 0, end: 1 }), [batchSize]); // [B]
  const meanSquaredError = mean(square(sub(batch.labels, ownReward)));
  if (promptCount === 1) return { loss: meanSquaredError, meanSquaredError };

  // Equation 1: L_pc = E_(x, {z_j}, i') [ CE( P(i | x, {z_j}), i' ) ], P(i | x, {z_j}) = softmax_i( r(x, z_i) / T ), over good images.
  // With T = 2 and N = 10 the logits span [0, 0.5], so the own prompt's probability cannot pass 0.14: L_pc stays high.
  const perImage = crossEntropy(div(r, temperature), batch.originalIndex); // [B]
  const promptClassification = sum(mul(batch.classificationWeights, perImage));

  // L = L_mse + lambda * L_pc
  return { loss: add(meanSquaredError, mul(promptClassification, lambda)), meanSquaredError, promptClassification };
}
