/** Derives the structure of a U-Net's resolution levels from its config, without parameters or tensors. */
import type { UnetConfig } from '../../configs/unet-config.ts';

/** One level, from the finest (0) to the coarsest. */
export interface Level {
  channels: number;
  layers: number;
  heads: number;
  transformerLayers: number;
  downAttends: boolean;
  upAttends: boolean;
}

/** The levels of `config`, finest first; `upAttends` is taken from the mirrored up block. */
export function unetLevels(config: UnetConfig): Level[] {
  const count = config.block_out_channels.length;
  const at = (value: number | readonly number[], level: number) => (typeof value === 'number' ? value : value[level]!);
  return config.block_out_channels.map((channels, level) => ({
    channels,
    layers: at(config.layers_per_block, level),
    heads: at(config.num_attention_heads ?? config.attention_head_dim, level),
    transformerLayers: at(config.transformer_layers_per_block, level),
    downAttends: config.down_block_types[level] === 'CrossAttnDownBlock2D',
    upAttends: config.up_block_types[count - 1 - level] === 'CrossAttnUpBlock2D',
  }));
}
