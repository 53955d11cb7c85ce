/** The config of an AutoencoderKL, in diffusers' own keys and with diffusers' own defaults. */
import { z } from 'zod';
import { parseConfig, requireKind } from './parse-config.ts';

const positive = z.int().positive();

export const vaeConfigSchema = z
  .looseObject({
    _class_name: z.literal('AutoencoderKL').default('AutoencoderKL'),
    in_channels: positive.default(3),
    out_channels: positive.default(3),
    down_block_types: z.array(z.literal('DownEncoderBlock2D')).nonempty().default(['DownEncoderBlock2D']),
    up_block_types: z.array(z.literal('UpDecoderBlock2D')).nonempty().default(['UpDecoderBlock2D']),
    block_out_channels: z.array(positive).nonempty().default([64]),
    layers_per_block: positive.default(1),
    act_fn: z.enum(['silu', 'swish']).default('silu'),
    latent_channels: positive.default(4),
    norm_num_groups: positive.default(32),
    sample_size: positive.default(32),
    scaling_factor: z.number().positive().default(0.18215),
    shift_factor: z.number().nullish(),
    latents_mean: z.null().optional(),
    latents_std: z.null().optional(),
    use_quant_conv: z.boolean().default(true),
    use_post_quant_conv: z.boolean().default(true),
    mid_block_add_attention: z.boolean().default(true),
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
  });

export type VaeConfig = z.output<typeof vaeConfigSchema>;

/** Reads `vae/config.json`. Error messages name `source` as the origin of the JSON. */
export function parseVaeConfig(json: unknown, source = 'vae/config.json'): VaeConfig {
  requireKind({ json, key: '_class_name', expected: ['AutoencoderKL'], source });
  return parseConfig(vaeConfigSchema, json, source);
}

/** Ratio of the picture's side to the latent's side: 8 for Stable Diffusion. */
export function vaeScale(config: VaeConfig): number {
  return 2 ** (config.block_out_channels.length - 1);
}
