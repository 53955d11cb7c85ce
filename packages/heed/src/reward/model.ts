/**
 * The reward model r(x, z) in [0, 1]: the paper's MLP on frozen CLIP embeddings (section 3.2 and appendix D).
 * A pure function of parameters; CLIP itself runs in `features.ts`.
 */
import { concat, linear, type ParameterScope, relu, reshape, sigmoid, type Tensor } from '@heed/diffusion/autodiff';

/**
 * Sizes of the reward network, an MLP. The paper has embeddings of 768 numbers (CLIP ViT-L/14) and hidden layers of
 * 1024.
 */
export interface RewardArchitecture {
  projectionDim: number;
  hiddenSize: number;
}

/**
 * r(x, z) for B pairs, in [0, 1].
 * `textEmbeds` and `imageEmbeds` are CLIP's projected embeddings, not normalised; the input is [text, image].
 */
export function rewardModel(
  p: ParameterScope,
  architecture: RewardArchitecture,
  inputs: { textEmbeds: Tensor; imageEmbeds: Tensor }, // both [B, P]
): Tensor {
  return reshape(sigmoid(logitOf(p, architecture, inputs)), [-1]); // [B]
}

/** The log odds of r(x, z) for B pairs, which the preference loss compares. */
export function rewardLogit(
  p: ParameterScope,
  architecture: RewardArchitecture,
  inputs: { textEmbeds: Tensor; imageEmbeds: Tensor }, // both [B, P]
): Tensor {
  return reshape(logitOf(p, architecture, inputs), [-1]); // [B]
}

function logitOf(
  p: ParameterScope,
  architecture: RewardArchitecture,
  inputs: { textEmbeds: Tensor; imageEmbeds: Tensor },
): Tensor {
  const { projectionDim, hiddenSize } = architecture;
  const x = concat([inputs.textEmbeds, inputs.imageEmbeds], 1); // [B, 2P]
  const first = relu(layer(p, 'layers.0', { from: 2 * projectionDim, to: hiddenSize, x })); // [B, H]
  const second = relu(layer(p, 'layers.1', { from: hiddenSize, to: hiddenSize, x: first })); // [B, H]
  return layer(p, 'output', { from: hiddenSize, to: 1, x: second }); // [B, 1]
}

function layer(p: ParameterScope, name: string, options: { from: number; to: number; x: Tensor }): Tensor {
  const scope = p.at(name);
  return linear(options.x, scope.get('weight', [options.to, options.from]), scope.get('bias', [options.to]));
}
