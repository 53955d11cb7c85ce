/** The configs of transformers' CLIPTextModel, CLIPVisionModel and CLIPModel, with transformers' keys and defaults. */
import { z } from 'zod';
import { copySpellings, spellAsFloats } from '../checkpoint/python-json.ts';
import { parseConfig, requireKind } from './parse-config.ts';

const positive = z.int().positive();
const activation = z.enum(['quick_gelu', 'gelu']).default('quick_gelu');

export const clipTextConfigSchema = z.looseObject({
  vocab_size: positive.default(49408),
  hidden_size: positive.default(512),
  intermediate_size: positive.default(2048),
  projection_dim: positive.default(512),
  num_hidden_layers: positive.default(12),
  num_attention_heads: positive.default(8),
  max_position_embeddings: positive.default(77),
  hidden_act: activation,
  layer_norm_eps: z.number().positive().default(1e-5),
});

export const clipVisionConfigSchema = z.looseObject({
  hidden_size: positive.default(768),
  intermediate_size: positive.default(3072),
  projection_dim: positive.default(512),
  num_hidden_layers: positive.default(12),
  num_attention_heads: positive.default(12),
  num_channels: positive.default(3),
  image_size: positive.default(224),
  patch_size: positive.default(32),
  hidden_act: activation,
  layer_norm_eps: z.number().positive().default(1e-5),
});

export const clipConfigSchema = z.looseObject({
  text_config: clipTextConfigSchema,
  vision_config: clipVisionConfigSchema,
  projection_dim: positive.default(512),
  logit_scale_init_value: z.number().default(2.6592),
});

export type ClipTextConfig = z.output<typeof clipTextConfigSchema>;
export type ClipVisionConfig = z.output<typeof clipVisionConfigSchema>;
export type ClipConfig = z.output<typeof clipConfigSchema>;

/** Reads `text_encoder/config.json`, or the text part of a whole CLIPModel's config. */
export function parseClipTextConfig(json: unknown, source = 'text_encoder/config.json'): ClipTextConfig {
  if (hasKey(json, 'text_config')) return parseClipConfig(json, source).text_config;
  requireKind({ json, key: 'model_type', expected: ['clip_text_model', 'clip'], source });
  return parseConfig(clipTextConfigSchema, json, source);
}

/** Reads the config of a CLIPVisionModel, or the vision part of a whole CLIPModel's config. */
export function parseClipVisionConfig(json: unknown, source = 'config.json'): ClipVisionConfig {
  if (hasKey(json, 'vision_config')) return parseClipConfig(json, source).vision_config;
  requireKind({ json, key: 'model_type', expected: ['clip_vision_model', 'clip'], source });
  return parseConfig(clipVisionConfigSchema, json, source);
}

/** Reads the config of a CLIPModel. Error messages name `source` as the origin of the JSON. */
export function parseClipConfig(json: unknown, source = 'config.json'): ClipConfig {
  requireKind({ json, key: 'model_type', expected: ['clip'], source });
  if (typeof json !== 'object' || json === null) return parseConfig(clipConfigSchema, json, source);
  const given = json as Record<string, unknown>;
  // OpenAI's own checkpoints say everything twice; where the two differ, transformers believes the `_dict`.
  const part = (key: string) => {
    const [plain, dict] = [given[key], given[`${key}_dict`]] as (object | null | undefined)[];
    const both = { ...plain, ...dict };
    copySpellings(plain, both);
    copySpellings(dict, both);
    return both;
  };
  const merged = { ...given, text_config: part('text_config'), vision_config: part('vision_config') };
  return parseConfig(clipConfigSchema, merged, source);
}

/** Keys that transformers' config classes declare as floats. Since version 5.0 these classes refuse integers. */
const FLOATS = [
  'attention_dropout',
  'dropout',
  'initializer_factor',
  'initializer_range',
  'layer_norm_eps',
  'logit_scale_init_value',
];

/** Writes a config of CLIP or one of its towers as transformers expects it: floats are spelled as floats. */
export function clipConfigJson(config: object): object {
  const json: Record<string, unknown> = { ...config };
  for (const part of ['text_config', 'vision_config']) {
    if (typeof json[part] === 'object' && json[part] !== null) json[part] = clipConfigJson(json[part]);
  }
  spellAsFloats(json, FLOATS);
  return json;
}

function hasKey(json: unknown, key: string): boolean {
  return typeof json === 'object' && json !== null && key in json;
}
