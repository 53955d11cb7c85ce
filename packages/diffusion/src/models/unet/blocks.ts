/** The down, mid and up blocks of a UNet2DConditionModel, with or without attention to the text. */
import { checkpoint, concat, type ParameterScope, type Tensor } from '@heed/autodiff';
import type { UnetConfig } from '../../configs/unet-config.ts';
import { ZERO } from '../layers.ts';
import { downsample, resnetBlock, upsample } from '../resnet-block.ts';
import type { Level } from './levels.ts';
import { spatialTransformer } from './transformer.ts';

/** The inputs of every block of one U-Net. */
export interface BlockContext {
  config: UnetConfig;
  /** [B, E] */
  timeEmbedding: Tensor;
  /** [B, T, D] */
  text: Tensor;
  /** Whether to keep only block inputs for the backward pass and recompute the rest. */
  recompute: boolean;
  /** See `UnetOptions`. */
  attentionBytes: number | undefined;
}

/** DownBlock2D or CrossAttnDownBlock2D; pushes every intermediate result onto `skips`. */
export function downBlock(
  p: ParameterScope,
  x: Tensor,
  { context, level, last, skips }: { context: BlockContext; level: Level; last: boolean; skips: Tensor[] },
): Tensor {
  let h = x;
  for (let layer = 0; layer < level.layers; layer++) {
    h = layerOf(p, h, { context, level, layer, attends: level.downAttends });
    skips.push(h);
  }
  if (last) return h;
  h = downsample(p.at('downsamplers.0'), h, { padding: context.config.downsample_padding });
  skips.push(h);
  return h;
}

/** UNetMidBlock2DCrossAttn: resnet, transformer, resnet. */
export function midBlock(
  p: ParameterScope,
  x: Tensor,
  { context, level }: { context: BlockContext; level: Level },
): Tensor {
  const h = layerOf(p, x, { context, level, layer: 0, attends: true });
  return layerOf(p, h, { context, level, layer: 1, attends: false });
}

/** UpBlock2D or CrossAttnUpBlock2D; removes its skip connections from the end of `skips`. */
export function upBlock(
  p: ParameterScope,
  x: Tensor,
  { context, level, last, skips }: { context: BlockContext; level: Level; last: boolean; skips: Tensor[] },
): Tensor {
  let h = x;
  for (let layer = 0; layer <= level.layers; layer++) {
    h = layerOf(p, h, { context, level, layer, attends: level.upAttends, skip: skips.pop()! });
  }
  return last ? h : upsample(p.at('upsamplers.0'), h);
}

/** One layer of a block: a ResNet block and, in blocks with attention, a transformer after it. */
function layerOf(
  p: ParameterScope,
  x: Tensor,
  {
    context,
    level,
    layer,
    attends,
    skip,
  }: { context: BlockContext; level: Level; layer: number; attends: boolean; skip?: Tensor },
): Tensor {
  const { config, recompute, attentionBytes } = context;
  const build = (...tensors: Tensor[]): Tensor => {
    const [h, timeEmbedding, text, ...skips] = tensors as [Tensor, Tensor, Tensor, ...Tensor[]];
    const resnet = resnetBlock(p.at(`resnets.${layer}`), skips.length === 0 ? h : concat([h, ...skips], 1), {
      channels: level.channels,
      groups: config.norm_num_groups,
      epsilon: config.norm_eps,
      timeEmbedding,
      // Zero at the start, as in the original latent-diffusion code: a fresh block is the identity.
      lastInit: ZERO,
    });
    if (!attends) return resnet;
    return spatialTransformer(p.at(`attentions.${layer}`), resnet, text, {
      heads: level.heads,
      layers: level.transformerLayers,
      groups: config.norm_num_groups,
      useLinearProjection: config.use_linear_projection,
      attentionBytes,
    });
  };
  const inputs = [x, context.timeEmbedding, context.text, ...(skip === undefined ? [] : [skip])];
  return recompute ? checkpoint(build, ...inputs) : build(...inputs);
}
