/**
 * The reward model's loss: L = L_mse + lambda * L_pc (paper, section 3.2; L_pc is its equation 1). This module holds
 * only the arithmetic; `train.ts` chooses pairs and perturbed prompts.
 */
import {
  add,
  broadcastTo,
  concat,
  crossEntropy,
  div,
  logSigmoid,
  mean,
  mul,
  neg,
  type ParameterScope,
  reshape,
  slice,
  square,
  sub,
  type Tensor,
} from '@heed/diffusion/autodiff';
import { type RewardArchitecture, rewardLogit, rewardModel } from './model.ts';

/**
 * One batch of B labelled pairs. The images of the first G pairs are good, and each of these pairs has N perturbed
 * prompts.
 */
export interface RewardBatch {
  textEmbeds: Tensor; // [B, P], the prompts the images were made for
  imageEmbeds: Tensor; // [B, P]
  labels: Tensor; // [B], y: 1 good, 0 bad
  weights?: Tensor | undefined; // [B], of the pairs; all count alike where absent
}

/** The inputs of the auxiliary task. */
export interface PerturbedPrompts {
  textEmbeds: Tensor; // [G, N, P]
  originalIndex: Tensor; // int64 [G], all 0: the own prompt is put before the perturbed ones
}

/**
 * The two terms of the paper's reward loss and their weighted sum, all scalars. Without `perturbed` there is no
 * auxiliary task.
 */
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
  const meanSquaredError = weightedMean(square(sub(batch.labels, r)), batch.weights);
  if (perturbed === undefined) return { loss: meanSquaredError, meanSquaredError };

  // Equation 1: L_pc = E_(x, {z_j}, i') [ CE( P(i | x, {z_j}), i' ) ], P(i | x, {z_j}) = softmax_i( r(x, z_i) / T ),
  // over good images. With T = 2 and N = 10 the logits span [0, 0.5]. The true prompt's probability is then at most
  // 0.14, so L_pc stays high.
  const good = perturbed.textEmbeds.shape[0]!;
  const ownReward = reshape(slice(r, { axis: 0, start: 0, end: good }), [good, 1]);
  const otherRewards = perturbedRewards(p, architecture, perturbed.textEmbeds, batch.imageEmbeds); // [G, N]
  const logits = div(concat([ownReward, otherRewards], 1), temperature); // [G, 1 + N]
  const goodWeights = batch.weights && slice(batch.weights, { axis: 0, start: 0, end: good });
  const promptClassification = weightedMean(crossEntropy(logits, perturbed.originalIndex), goodWeights);

  // L = L_mse + lambda * L_pc
  return { loss: add(meanSquaredError, mul(promptClassification, lambda)), meanSquaredError, promptClassification };
}

/** sum(w x) / sum(w) over [B]; the plain mean without weights. */
function weightedMean(values: Tensor, weights: Tensor | undefined): Tensor {
  return weights === undefined ? mean(values) : div(mean(mul(weights, values)), mean(weights));
}

/** The rewards [G, N] of the first G images, each with its N perturbed prompts. */
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

/** A batch of Q pairs. Both images of a pair have the same prompt. */
export interface PairBatch {
  textEmbeds: Tensor; // [Q, P]
  firstEmbeds: Tensor; // [Q, P]
  secondEmbeds: Tensor; // [Q, P]
  shares: Tensor; // [Q], y: the share of raters who find the first better; 0.5 is a tie
  weights?: Tensor | undefined; // [Q]; all count alike where absent
}

/**
 * The Bradley-Terry loss of a batch of preferences, a scalar. Sources: Bradley and Terry 1952; for reward models,
 * Christiano et al. 2017 (arXiv 1706.03741, equation 1). The loss is L_BT = E[ -y log sigmoid(s_1 - s_2) - (1 - y) log
 * sigmoid(s_2 - s_1) ], where s is the log odds of r.
 */
export function pairLoss(
  p: ParameterScope,
  batch: PairBatch,
  { architecture }: { architecture: RewardArchitecture },
): Tensor {
  const { textEmbeds, firstEmbeds, secondEmbeds, shares, weights } = batch;
  const first = rewardLogit(p, architecture, { textEmbeds, imageEmbeds: firstEmbeds }); // [Q]
  const second = rewardLogit(p, architecture, { textEmbeds, imageEmbeds: secondEmbeds }); // [Q]
  const margin = sub(first, second);
  const won = mul(shares, logSigmoid(margin));
  const lost = mul(sub(1, shares), logSigmoid(neg(margin)));
  return neg(weightedMean(add(won, lost), weights));
}
