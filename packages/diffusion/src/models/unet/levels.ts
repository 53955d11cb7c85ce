/** Derives the structure of a U-Net's resolution levels from its config, without parameters or tensors. */
import type { UnetConfig } from '../../configs/unet-config.ts';

/** One resolution level of the U-Net: its down block and its up block. */
export interface Level {
  channels: number;
  layers: number;
  heads: number;
  transformerLayers: number;
  downAttends: boolean;
  upAttends: boolean;
}

/** The levels of `config`, finest first; `upAttends` comes from the up block at the same resolution. */
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
