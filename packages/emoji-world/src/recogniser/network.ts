// The recogniser's network: a small residual convolutional net with one linear head an attribute, as a function of
// its parameters. Images and files are recogniser.ts's business.
import type { ParameterScope, Tensor } from '@heed/diffusion/autodiff';
import { add, concat, conv2d, groupNorm, linear, mean, relu, reshape } from '@heed/diffusion/autodiff';
import type { HeadName } from './labels.ts';
import { HEAD_NAMES, HEADS } from './labels.ts';

/** Sizes of the recogniser network, stored in its config.json. */
export interface RecogniserConfig {
  readonly imageSize: number;
  /**
   * Number of output channels of each convolution stage. The first stage halves the image's width and height; each
   * further stage halves the feature map again.
   */
  readonly channels: readonly number[];
  /**
   * Number of channels of a feature map that is read without averaging over positions, because counting needs
   * positions.
   */
  readonly mapChannels: number;
  readonly hidden: number;
}

export const RECOGNISER_CONFIG: RecogniserConfig = {
  imageSize: 64,
  channels: [32, 64, 128],
  mapChannels: 32,
  hidden: 256,
};

/** Logits of each head. `pixels` in [-1, 1]. */
export function recogniserLogits(
  p: ParameterScope,
  { channels, mapChannels, hidden }: RecogniserConfig,
  { pixels }: { pixels: Tensor /* [B, 3, S, S] */ },
): Record<HeadName, Tensor /* [B, K] */> {
  const batch = pixels.shape[0]!;
  let x = pixels;
  channels.forEach((width, stage) => {
    const block = p.at(`stages.${stage}`);
    // [B, width, S / 2^(stage + 1), ...]
    x = normalised(block.at('down'), convolution(block.at('down'), x, width, 2), width);
    const inner = normalised(block.at('inner'), convolution(block.at('inner'), x, width, 1), width);
    x = relu(add(x, convolution(block.at('outer'), inner, width, 1)));
  });
  const last = channels.at(-1)!;
  const map = relu(
    conv2d(x, p.at('map').get('weight', [mapChannels, last, 1, 1]), p.at('map').get('bias', [mapChannels])),
  );
  const features = concat([mean(x, { axes: [2, 3] }), reshape(map, [batch, -1])], 1); // [B, last + mapChannels * h * w]
  const trunk = relu(dense(p.at('trunk'), features, hidden)); // [B, hidden]
  return Object.fromEntries(
    HEAD_NAMES.map((head) => [head, dense(p.at(`heads.${head}`), trunk, HEADS[head])]),
  ) as Record<HeadName, Tensor>;
}

function convolution(p: ParameterScope, x: Tensor, outChannels: number, stride: number): Tensor {
  const weight = p.get('weight', [outChannels, x.shape[1]!, 3, 3]);
  return conv2d(x, weight, p.get('bias', [outChannels]), { stride, padding: 1 });
}

function normalised(p: ParameterScope, x: Tensor, channels: number): Tensor {
  const norm = p.at('norm');
  return relu(groupNorm(x, norm.get('weight', [channels]), norm.get('bias', [channels]), { groups: 8 }));
}

function dense(p: ParameterScope, x: Tensor, out: number): Tensor {
  return linear(x, p.get('weight', [out, x.shape[1]!]), p.get('bias', [out]));
}
