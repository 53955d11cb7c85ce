/**
 * AutoencoderKL as pure functions of parameters (Kingma and Welling 2013; Rombach et al. 2022, appendix G).
 * Parameter names and shapes are diffusers'. `scaling_factor` is not applied here: see `pipeline/`.
 */
import {
  add,
  attention,
  clamp,
  type ParameterScope,
  reshape,
  silu,
  split,
  type Tensor,
  transpose,
} from '@heed/autodiff';
import { type VaeConfig, vaeScale } from '../configs/vae-config.ts';
import { convLayer, groupNormLayer, linearLayer } from './layers.ts';
import { downsample, resnetBlock, upsample } from './resnet-block.ts';

const EPSILON = 1e-6;

/**
 * The Gaussian that the encoder predicts, as mean and log variance, each [B, latent_channels, H/f, W/f]; the log
 * variance is clamped to [-30, 20].
 */
export interface LatentDistribution {
  mean: Tensor;
  logVariance: Tensor;
}

/** Pixels [B, 3, H, W] in [-1, 1] -> their latent distribution, not yet multiplied by scaling_factor. */
export function vaeEncode(p: ParameterScope, config: VaeConfig, { pixels }: { pixels: Tensor }): LatentDistribution {
  const [, channels, height, width] = pixels.shape as [number, number, number, number];
  const factor = vaeScale(config);
  if (pixels.shape.length !== 4 || channels !== config.in_channels || height % factor !== 0 || width % factor !== 0) {
    throw new Error(
      `VAE pixels: expected [B, ${config.in_channels}, H, W] with H and W divisible by ${factor}, got [${pixels.shape.join(', ')}]`,
    );
  }
  const moments = encoder(p.at('encoder'), config, pixels); // [B, 2 * latent_channels, H/f, W/f]
  const kernel1 = { channels: 2 * config.latent_channels, kernel: 1 };
  const projected = config.use_quant_conv ? convLayer(p.at('quant_conv'), moments, kernel1) : moments;
  const [mean, logVariance] = split(projected, { axis: 1, parts: 2 }) as [Tensor, Tensor];
  return { mean, logVariance: clamp(logVariance, { min: -30, max: 20 }) };
}

/** Latents [B, latent_channels, h, w], already divided by scaling_factor -> pixels [B, 3, h*f, w*f], about [-1, 1]. */
export function vaeDecode(p: ParameterScope, config: VaeConfig, { latents }: { latents: Tensor }): Tensor {
  if (latents.shape.length !== 4 || latents.shape[1] !== config.latent_channels) {
    throw new Error(`VAE latents: expected [B, ${config.latent_channels}, h, w], got [${latents.shape.join(', ')}]`);
  }
  const kernel1 = { channels: config.latent_channels, kernel: 1 };
  const projected = config.use_post_quant_conv ? convLayer(p.at('post_quant_conv'), latents, kernel1) : latents;
  return decoder(p.at('decoder'), config, projected);
}

function encoder(p: ParameterScope, config: VaeConfig, pixels: Tensor): Tensor {
  const { block_out_channels: sizes, layers_per_block: layers } = config;
  let h = convLayer(p.at('conv_in'), pixels, { channels: sizes[0]! });
  sizes.forEach((channels, level) => {
    const block = p.at(`down_blocks.${level}`);
    for (let layer = 0; layer < layers; layer++) h = resnet(block.at(`resnets.${layer}`), config, h, channels);
    if (level < sizes.length - 1) h = downsample(block.at('downsamplers.0'), h, { padding: 0 });
  });
  h = midBlock(p.at('mid_block'), config, h);
  return outLayers(p, config, h, { channels: 2 * config.latent_channels });
}

function decoder(p: ParameterScope, config: VaeConfig, latents: Tensor): Tensor {
  const sizes = config.block_out_channels.toReversed();
  let h = convLayer(p.at('conv_in'), latents, { channels: sizes[0]! });
  h = midBlock(p.at('mid_block'), config, h);
  sizes.forEach((channels, level) => {
    const block = p.at(`up_blocks.${level}`);
    for (let layer = 0; layer <= config.layers_per_block; layer++) {
      h = resnet(block.at(`resnets.${layer}`), config, h, channels);
    }
    if (level < sizes.length - 1) h = upsample(block.at('upsamplers.0'), h);
  });
  return outLayers(p, config, h, { channels: config.out_channels });
}

function resnet(p: ParameterScope, config: VaeConfig, x: Tensor, channels: number): Tensor {
  return resnetBlock(p, x, { channels, groups: config.norm_num_groups, epsilon: EPSILON });
}

function midBlock(p: ParameterScope, config: VaeConfig, x: Tensor): Tensor {
  const channels = x.shape[1]!;
  let h = resnet(p.at('resnets.0'), config, x, channels);
  if (config.mid_block_add_attention) h = pixelAttention(p.at('attentions.0'), config, h);
  return resnet(p.at('resnets.1'), config, h, channels);
}

/** Self-attention with one head over all pixels, plus a residual connection: [B, C, H, W] -> [B, C, H, W]. */
function pixelAttention(p: ParameterScope, config: VaeConfig, x: Tensor): Tensor {
  const [batch, features, height, width] = x.shape as [number, number, number, number];
  const normed = groupNormLayer(p.at('group_norm'), x, { groups: config.norm_num_groups, epsilon: EPSILON });
  const tokens = transpose(reshape(normed, [batch, features, height * width]), [0, 2, 1]); // [B, H*W, C]
  const query = linearLayer(p.at('to_q'), tokens, { features });
  const key = linearLayer(p.at('to_k'), tokens, { features });
  const value = linearLayer(p.at('to_v'), tokens, { features });
  const mixed = linearLayer(p.at('to_out.0'), attention(query, key, value, { heads: 1 }), { features });
  return add(reshape(transpose(mixed, [0, 2, 1]), [batch, features, height, width]), x);
}

function outLayers(p: ParameterScope, config: VaeConfig, x: Tensor, { channels }: { channels: number }): Tensor {
  const h = silu(groupNormLayer(p.at('conv_norm_out'), x, { groups: config.norm_num_groups, epsilon: EPSILON }));
  return convLayer(p.at('conv_out'), h, { channels });
}
