/** The config of a UNet2DConditionModel, in diffusers' own keys and with diffusers' own defaults. */
import { z } from 'zod';
import { InputError } from '../errors.ts';
import { describeValue, parseConfig, requireKind } from './parse-config.ts';

const positive = z.int().positive();
const perLevel = z.union([positive, z.array(positive).nonempty()]);

/** The keys that the text-conditional U-Nets of Stable Diffusion 1.x and 2.x use; other keys are kept unchanged. */
export const unetConfigSchema = z
  .looseObject({
    _class_name: z.literal('UNet2DConditionModel').default('UNet2DConditionModel'),
    sample_size: positive.nullish(),
    in_channels: positive.default(4),
    out_channels: positive.default(4),
    flip_sin_to_cos: z.boolean().default(true),
    freq_shift: z.number().default(0),
    down_block_types: z
      .array(z.enum(['CrossAttnDownBlock2D', 'DownBlock2D']))
      .nonempty()
      .default(['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D']),
    mid_block_type: z.literal('UNetMidBlock2DCrossAttn').nullable().default('UNetMidBlock2DCrossAttn'),
    up_block_types: z
      .array(z.enum(['CrossAttnUpBlock2D', 'UpBlock2D']))
      .nonempty()
      .default(['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D']),
    block_out_channels: z.array(positive).nonempty().default([320, 640, 1280, 1280]),
    layers_per_block: perLevel.default(2),
    downsample_padding: z.union([z.literal(0), z.literal(1)]).default(1),
    act_fn: z.enum(['silu', 'swish']).default('silu'),
    norm_num_groups: positive.default(32),
    norm_eps: z.number().positive().default(1e-5),
    cross_attention_dim: positive.default(1280),
    transformer_layers_per_block: perLevel.default(1),
    /**
     * Without `num_attention_heads`, this key gives the number of heads, not the size of a head: diffusers has kept
     * this misnomer.
     */
    attention_head_dim: perLevel.default(8),
    num_attention_heads: perLevel.nullish(),
    use_linear_projection: z.boolean().default(false),
  })
  .superRefine((config, context) => {
    const levels = config.block_out_channels.length;
    for (const key of ['down_block_types', 'up_block_types'] as const) {
      if (config[key].length !== levels) {
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `Expected ${levels} blocks, as many as block_out_channels`,
        });
      }
    }
    const lists = [
      'layers_per_block',
      'transformer_layers_per_block',
      'attention_head_dim',
      'num_attention_heads',
    ] as const;
    for (const key of lists) {
      const value = config[key];
      if (Array.isArray(value) && value.length !== levels) {
        context.addIssue({
          code: 'custom',
          path: [key],
          message: `Expected ${levels} numbers, as many as block_out_channels`,
        });
      }
    }
    config.block_out_channels.forEach((channels, level) => {
      if (channels % config.norm_num_groups !== 0) {
        context.addIssue({
          code: 'custom',
          path: ['block_out_channels', level],
          message: `Expected a multiple of norm_num_groups ${config.norm_num_groups}`,
        });
      }
    });
  });

export type UnetConfig = z.output<typeof unetConfigSchema>;

/** Config keys that other U-Net families use, each with the only values that heed's U-Net supports. */
const SUPPORTED_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  addition_embed_type: [null],
  class_embed_type: [null],
  num_class_embeds: [null],
  encoder_hid_dim: [null],
  encoder_hid_dim_type: [null],
  time_cond_proj_dim: [null],
  timestep_post_act: [null],
  time_embedding_act_fn: [null],
  time_embedding_dim: [null],
  time_embedding_type: ['positional'],
  cross_attention_norm: [null],
  attention_type: ['default'],
  resnet_time_scale_shift: ['default'],
  reverse_transformer_layers_per_block: [null],
  center_input_sample: [false],
  class_embeddings_concat: [false],
  dual_cross_attention: [false],
  only_cross_attention: [false],
  mid_block_only_cross_attention: [null, false],
  resnet_skip_time_act: [false],
  resnet_out_scale_factor: [1],
  mid_block_scale_factor: [1],
  conv_in_kernel: [3],
  conv_out_kernel: [3],
  dropout: [0],
};

/**
 * Reads `unet/config.json`. Throws for a U-Net of another family (Stable Diffusion XL, DeepFloyd...). Error messages
 * name `source` as the origin of the JSON.
 */
export function parseUnetConfig(json: unknown, source = 'unet/config.json'): UnetConfig {
  requireKind({ json, key: '_class_name', expected: ['UNet2DConditionModel'], source });
  const given = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  if (given.addition_embed_type === 'text_time') {
    throw new InputError(
      `${source}: expected a Stable Diffusion 1.x or 2.x U-Net, got one of Stable Diffusion XL, which is not supported`,
    );
  }
  for (const [key, supported] of Object.entries(SUPPORTED_VALUES)) {
    const value = given[key];
    if (value !== undefined && !supported.includes(value)) {
      throw new InputError(
        `${source}: expected ${key} ${supported.map((one) => JSON.stringify(one)).join(' or ')}, got ${describeValue(value)}`,
      );
    }
  }
  return parseConfig(unetConfigSchema, json, source);
}
