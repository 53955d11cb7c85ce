/**
 * UNet2DConditionModel of Stable Diffusion 1.x and 2.x as a pure function of parameters (Rombach et al. 2022).
 * Parameter names and shapes are diffusers'. One call is one prediction; `samplers/` draws samples.
 */
import { type ParameterScope, silu, type Tensor } from '@heed/autodiff';
import type { UnetConfig } from '../../configs/unet-config.ts';
import { convLayer, groupNormLayer, ZERO } from '../layers.ts';
import { type BlockContext, downBlock, midBlock, upBlock } from './blocks.ts';
import { unetLevels } from './levels.ts';
import { timeEmbedding, timestepFeatures } from './time-embedding.ts';

export interface UnetInputs {
  /** Noisy latents [B, C, H, W]; H and W divisible by 2^(levels - 1). */
  sample: Tensor;
  /** float32 [B], in training steps (0 to 999). */
  timestep: Tensor;
  /** Text states [B, T, cross_attention_dim]. */
  encoderHiddenStates: Tensor;
}

export interface UnetOptions {
  /** Trade time for memory in training: recompute each resnet + transformer in the backward pass. */
  recompute?: boolean;
  /** Largest size in bytes of attention weights in the backward pass; the engine's default if undefined. */
  attentionBytes?: number | undefined;
  /** Called with each block's output, [B, channels, h, w], and its name in diffusers: `down_blocks.0`, `mid_block`. */
  observe?: (block: string, features: Tensor) => void;
}

/**
 * Predicts the noise, or the velocity if the schedule's prediction type says so: -> [B, out_channels, H, W]. Throws
 * when the inputs' shapes do not fit the config or each other.
 */
export function unet(
  p: ParameterScope,
  config: UnetConfig,
  { sample, timestep, encoderHiddenStates }: UnetInputs,
  { recompute = false, attentionBytes, observe = () => {} }: UnetOptions = {},
): Tensor {
  checkInputs(config, { sample, timestep, encoderHiddenStates });
  const levels = unetLevels(config);
  const first = config.block_out_channels[0]!;
  const coarsest = levels.length - 1;
  const features = timestepFeatures(timestep, {
    size: first,
    flipSinToCos: config.flip_sin_to_cos,
    freqShift: config.freq_shift,
  });
  const context: BlockContext = {
    config,
    timeEmbedding: timeEmbedding(p.at('time_embedding'), features, { size: 4 * first }), // [B, 4 * first]
    text: encoderHiddenStates,
    recompute,
    attentionBytes,
  };

  let h = convLayer(p.at('conv_in'), sample, { channels: first });
  const skips: Tensor[] = [h];
  levels.forEach((level, index) => {
    h = downBlock(p.at(`down_blocks.${index}`), h, { context, level, last: index === coarsest, skips });
    observe(`down_blocks.${index}`, h);
  });
  if (config.mid_block_type !== null) {
    h = midBlock(p.at('mid_block'), h, { context, level: levels[coarsest]! });
    observe('mid_block', h);
  }
  levels.toReversed().forEach((level, index) => {
    h = upBlock(p.at(`up_blocks.${index}`), h, { context, level, last: index === coarsest, skips });
    observe(`up_blocks.${index}`, h);
  });
  h = silu(groupNormLayer(p.at('conv_norm_out'), h, { groups: config.norm_num_groups, epsilon: config.norm_eps }));
  return convLayer(p.at('conv_out'), h, { channels: config.out_channels, init: ZERO });
}

function checkInputs(config: UnetConfig, { sample, timestep, encoderHiddenStates }: UnetInputs): void {
  const [batch, channels, height, width] = sample.shape as [number, number, number, number];
  const factor = 2 ** (config.block_out_channels.length - 1);
  if (sample.shape.length !== 4 || channels !== config.in_channels || height % factor !== 0 || width % factor !== 0) {
    throw new Error(
      `U-Net sample: expected [B, ${config.in_channels}, H, W] with H and W divisible by ${factor}, got [${sample.shape.join(', ')}]`,
    );
  }
  if (timestep.shape.length !== 1 || timestep.shape[0] !== batch) {
    throw new Error(`U-Net timestep: expected [${batch}], got [${timestep.shape.join(', ')}]`);
  }
  const [textBatch, , textSize] = encoderHiddenStates.shape;
  if (encoderHiddenStates.shape.length !== 3 || textBatch !== batch || textSize !== config.cross_attention_dim) {
    throw new Error(
      `U-Net text states: expected [${batch}, T, ${config.cross_attention_dim}], got [${encoderHiddenStates.shape.join(', ')}]`,
    );
  }
}
