/**
 * The tensor names of the original latent-diffusion code (CompVis), which single-file checkpoints of Stable Diffusion
 * 1.x keep. For each network, one function converts diffusers' name to the original name. Reads no file. The sources
 * are `openaimodel.py` and `model.py` in CompVis's package `ldm`, and diffusers' `convert_from_ckpt.py`.
 */
import type { UnetConfig } from '../../configs/unet-config.ts';
import type { VaeConfig } from '../../configs/vae-config.ts';
import { unetLevels } from '../../models/unet/levels.ts';

/** Prefix of each network's names in the file. */
export const PREFIXES = {
  unet: 'model.diffusion_model.',
  vae: 'first_stage_model.',
  textEncoder: 'cond_stage_model.transformer.',
} as const;

export type SingleFilePart = keyof typeof PREFIXES;

/** Name of the text encoder's token embedding in the file. */
export const TOKEN_TABLE = `${PREFIXES.textEncoder}text_model.embeddings.token_embedding.weight`;

type Rule = readonly [pattern: RegExp, replacement: string];

const UNET_ENDS: readonly Rule[] = [
  [/^time_embedding\.linear_1\./, 'time_embed.0.'],
  [/^time_embedding\.linear_2\./, 'time_embed.2.'],
  [/^conv_in\./, 'input_blocks.0.0.'],
  [/^conv_norm_out\./, 'out.0.'],
  [/^conv_out\./, 'out.2.'],
  [/^mid_block\.resnets\.0\./, 'middle_block.0.'],
  [/^mid_block\.attentions\.0\./, 'middle_block.1.'],
  [/^mid_block\.resnets\.1\./, 'middle_block.2.'],
];

const UNET_RESNET: readonly Rule[] = [
  [/\.norm1\.(?=weight$|bias$)/, '.in_layers.0.'],
  [/\.conv1\./, '.in_layers.2.'],
  [/\.time_emb_proj\./, '.emb_layers.1.'],
  [/\.norm2\.(?=weight$|bias$)/, '.out_layers.0.'],
  [/\.conv2\./, '.out_layers.3.'],
  [/\.conv_shortcut\./, '.skip_connection.'],
];

const VAE_RULES: readonly Rule[] = [
  [/\.conv_norm_out\./, '.norm_out.'],
  [/\.mid_block\.resnets\.0\./, '.mid.block_1.'],
  [/\.mid_block\.resnets\.1\./, '.mid.block_2.'],
  [/\.mid_block\.attentions\.0\.group_norm\./, '.mid.attn_1.norm.'],
  [/\.mid_block\.attentions\.0\.to_out\.0\./, '.mid.attn_1.proj_out.'],
  [/\.mid_block\.attentions\.0\.to_([qkv])\./, '.mid.attn_1.$1.'],
  [/\.down_blocks\.(\d+)\.resnets\.(\d+)\./, '.down.$1.block.$2.'],
  [/\.down_blocks\.(\d+)\.downsamplers\.0\./, '.down.$1.downsample.'],
  [/\.conv_shortcut\./, '.nin_shortcut.'],
];

/** The original name of a U-Net's parameter, without the prefix. */
export function originalUnetName(config: UnetConfig): (name: string) => string {
  const levels = unetLevels(config);
  const upLevels = levels.toReversed();
  // input_blocks.0 is conv_in; each level is its layers and one downsampler. Each up level has one layer more, and its
  // upsampler is no separate block.
  const firstInput = levels.map((_, i) => 1 + levels.slice(0, i).reduce((sum, { layers }) => sum + layers + 1, 0));
  const firstOutput = upLevels.map((_, i) => upLevels.slice(0, i).reduce((sum, { layers }) => sum + layers + 1, 0));
  const place = (side: string, level: number, part: string, index: number): string => {
    if (side === 'down') {
      const at = firstInput[level]! + (part === 'downsamplers' ? levels[level]!.layers : index);
      return `input_blocks.${at}.${{ resnets: '0', attentions: '1', downsamplers: '0.op' }[part]}`;
    }
    const { layers, upAttends } = upLevels[level]!;
    const at = firstOutput[level]! + (part === 'upsamplers' ? layers : index);
    return `output_blocks.${at}.${{ resnets: '0', attentions: '1', upsamplers: upAttends ? '2.conv' : '1.conv' }[part]}`;
  };
  return (name) => {
    const inBlock = /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.*)$/.exec(name);
    if (inBlock === null) return applyRules(name, [...UNET_ENDS, ...(name.includes('.resnets.') ? UNET_RESNET : [])]);
    const [, side, level, part, index, rest] = inBlock as unknown as [string, string, string, string, string, string];
    const base = place(side, Number(level), part, Number(index));
    if (part.endsWith('samplers')) return `${base}.${rest.replace(/^conv\./, '')}`;
    return part === 'resnets' ? applyRules(`${base}.${rest}`, UNET_RESNET) : `${base}.${rest}`;
  };
}

/**
 * The original name of a VAE's parameter, without the prefix. The original code numbers the decoder's levels from the
 * finest resolution.
 */
export function originalVaeName(config: VaeConfig): (name: string) => string {
  const last = config.block_out_channels.length - 1;
  return (name) =>
    applyRules(name, VAE_RULES)
      .replace(
        /\.up_blocks\.(\d+)\.resnets\.(\d+)\./,
        (_, level, layer) => `.up.${last - Number(level)}.block.${layer}.`,
      )
      .replace(/\.up_blocks\.(\d+)\.upsamplers\.0\./, (_, level) => `.up.${last - Number(level)}.upsample.`);
}

function applyRules(name: string, rules: readonly Rule[]): string {
  return rules.reduce((renamed, [pattern, replacement]) => renamed.replace(pattern, replacement), name);
}
