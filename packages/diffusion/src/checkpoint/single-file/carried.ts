/**
 * Checks the settings that a single-file checkpoint cannot store. Programs assume Stable Diffusion 1.x's values for
 * these settings, so a model with other values would run, but give wrong images. Reads nothing.
 */
import { describeValue } from '../../configs/parse-config.ts';
import { InputError } from '../../errors.ts';
import { unetLevels } from '../../models/unet/levels.ts';
import type { StableDiffusionComponents } from '../../pipeline/components.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import type { ComponentConfigs } from '../component-kinds.ts';
import type { SingleFilePart } from './original-names.ts';

type Configs = Pick<ComponentConfigs, SingleFilePart>;

/** The settings whose values every program assumes. */
const IMPLIED: { readonly [Part in SingleFilePart]: (config: Configs[Part]) => Record<string, unknown> } = {
  unet: (config) => ({
    'attention heads': unetLevels(config).map(({ heads }) => heads),
    norm_num_groups: config.norm_num_groups,
    norm_eps: config.norm_eps,
    flip_sin_to_cos: config.flip_sin_to_cos,
    freq_shift: config.freq_shift,
    downsample_padding: config.downsample_padding,
  }),
  vae: (config) => ({
    scaling_factor: config.scaling_factor,
    shift_factor: config.shift_factor ?? 0,
    norm_num_groups: config.norm_num_groups,
  }),
  textEncoder: (config) => ({
    num_attention_heads: config.num_attention_heads,
    hidden_act: config.hidden_act,
    layer_norm_eps: config.layer_norm_eps,
  }),
};

/**
 * Throws an InputError if one of these settings differs between `configs` and `inferred`, the configs inferred from the
 * single file.
 */
export function checkImplied(configs: Configs, inferred: Configs, path: string): void {
  for (const part of ['unet', 'vae', 'textEncoder'] as const) {
    const implied = IMPLIED[part] as (config: Configs[typeof part]) => Record<string, unknown>;
    const [actual, expected] = [implied(configs[part]), implied(inferred[part])];
    for (const [key, value] of Object.entries(actual)) {
      if (JSON.stringify(value) === JSON.stringify(expected[key])) continue;
      throw new InputError(
        `${path}: expected ${key} ${describeValue(expected[key])} in the ${NAMES[part]}, since a single file has no place for another, got ${describeValue(value)} (a diffusers folder holds it)`,
      );
    }
  }
}

const NAMES: Readonly<Record<SingleFilePart, string>> = { unet: 'U-Net', vae: 'VAE', textEncoder: 'text encoder' };

/** Throws an InputError unless the model's tokenizer is CLIP's own, which every program assumes. */
export function checkClipTokens({ tokenizer }: StableDiffusionComponents, clip: Tokenizer, path: string): void {
  const added = (tokenizer.files.addedTokens ?? []).map(({ content }) => content);
  if (added.length > 0) {
    const names = added.slice(0, 8).join(', ');
    throw new InputError(
      `${path}: expected a model without added tokens, since a single file has no place for them, got ${added.length}: ${names} (a diffusers folder holds them)`,
    );
  }
  const { vocab } = tokenizer.files;
  const isClip = vocab.size === clip.vocabSize && [...clip.files.vocab].every(([token, id]) => vocab.get(token) === id);
  if (isClip) return;
  throw new InputError(
    `${path}: expected a model with CLIP's own ${clip.vocabSize} tokens, since a single file has no place for a tokenizer, got one with ${vocab.size}${vocab.size === clip.vocabSize ? ' others' : ''} (a diffusers folder holds it)`,
  );
}
