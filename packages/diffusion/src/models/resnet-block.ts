/** diffusers' ResnetBlock2D and the resampling layers around it, which the U-Net and the VAE both use. */
import {
  add,
  type Initializer,
  type ParameterScope,
  reshape,
  silu,
  type Tensor,
  upsampleNearest2x,
} from '@heed/autodiff';
import { convLayer, groupNormLayer, linearLayer } from './layers.ts';

export interface ResnetOptions {
  channels: number;
  groups: number;
  epsilon: number;
  /** Time embedding [B, E]; undefined in the VAE. */
  timeEmbedding?: Tensor | undefined;
  /** Initializer of the last convolution; PyTorch's default if undefined. */
  lastInit?: Initializer;
}

/** x + conv(silu(norm(conv(silu(norm(x))) + time))): [B, C, H, W] -> [B, channels, H, W]. */
export function resnetBlock(p: ParameterScope, x: Tensor, options: ResnetOptions): Tensor {
  const { channels, groups, epsilon, timeEmbedding, lastInit } = options;
  let h = silu(groupNormLayer(p.at('norm1'), x, { groups, epsilon }));
  h = convLayer(p.at('conv1'), h, { channels });
  if (timeEmbedding !== undefined) {
    const shift = linearLayer(p.at('time_emb_proj'), silu(timeEmbedding), { features: channels });
    h = add(h, reshape(shift, [shift.shape[0]!, channels, 1, 1]));
  }
  h = silu(groupNormLayer(p.at('norm2'), h, { groups, epsilon }));
  h = convLayer(p.at('conv2'), h, { channels, ...(lastInit === undefined ? {} : { init: lastInit }) });
  const shortcut = x.shape[1] === channels ? x : convLayer(p.at('conv_shortcut'), x, { channels, kernel: 1 });
  return add(shortcut, h);
}

/**
 * diffusers' Downsample2D: [B, C, H, W] -> [B, C, H/2, W/2]; padding 0 means one row of zeros below and one column at
 * the right, as in the VAE.
 */
export function downsample(p: ParameterScope, x: Tensor, { padding }: { padding: 0 | 1 }): Tensor {
  const sides = padding === 1 ? 1 : ([0, 0, 1, 1] as const);
  return convLayer(p.at('conv'), x, { channels: x.shape[1]!, stride: 2, padding: sides });
}

/** diffusers' Upsample2D: [B, C, H, W] -> [B, C, 2H, 2W]. */
export function upsample(p: ParameterScope, x: Tensor): Tensor {
  return convLayer(p.at('conv'), upsampleNearest2x(x), { channels: x.shape[1]! });
}
