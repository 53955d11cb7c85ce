/**
 * Plans the reading of a single-file checkpoint from names and shapes alone: infers the configs, and finds the file's
 * tensor for each parameter.
 */
import type { Shape } from '@heed/autodiff';
import { InputError } from '../../errors.ts';
import { describeInputs } from '../../pipeline/components.ts';
import { isWeightType } from '../../safetensors/element-type.ts';
import { quote } from '../../safetensors/header-json.ts';
import type { TensorFile } from '../../tensor-file/tensor-file.ts';
import { checkShapes, expectedShapes } from '../check-shapes.ts';
import { COMPONENT_KINDS, type ComponentConfigs, type ComponentKind } from '../component-kinds.ts';
import { isBuffer } from '../legacy-names.ts';
import { emaNames } from './ema-names.ts';
import { describeFamily } from './families.ts';
import { inferConfigs } from './infer-configs.ts';
import { originalUnetName, originalVaeName, PREFIXES, type SingleFilePart, TOKEN_TABLE } from './original-names.ts';

export const PARTS = ['unet', 'vae', 'textEncoder'] as const satisfies readonly SingleFilePart[];

/** Used in error messages in place of a folder's config.json. */
const IMPLIED = 'the rest of the file';

export type Configs = Pick<ComponentConfigs, SingleFilePart>;

/** The plan: the configs, and the shape and the file's name of every tensor of each network. */
export interface Plan {
  readonly configs: Configs;
  readonly shapes: { readonly [Name in SingleFilePart]: ReadonlyMap<string, Shape> };
  /** Maps diffusers' names to names in the file. */
  readonly names: { readonly [Name in SingleFilePart]: ReadonlyMap<string, string> };
}

/**
 * Plans the reading of a checkpoint; with `ema`, the U-Net's weights are the EMA weights. Throws an InputError for
 * another family of models, a missing network, or sizes that contradict each other. The message names the file and the
 * tensor.
 */
export function planOf(file: TensorFile, { ema = false }: { ema?: boolean | undefined } = {}): Plan {
  const { path, tensors } = file;
  const ours = new Map<string, Shape>();
  const spelled = new Map<string, string>();
  for (const [old, { shape, dtype }] of tensors) {
    const name = currentTextName(old);
    if (isIgnored(name)) continue;
    if (!isWeightType(dtype)) {
      throw new InputError(`${path}: tensor ${quote(old)}: expected floating-point weights, got ${dtype}`);
    }
    if (ours.has(name))
      throw new InputError(`${path}: expected the tensor ${quote(name)} once, got it in two spellings`);
    ours.set(name, shape);
    spelled.set(name, old);
  }
  const missing = PARTS.find((part) => ![...ours.keys()].some((name) => name.startsWith(PREFIXES[part])));
  if (missing !== undefined) {
    const got = describeFamily(tensors.keys()) ?? `no tensor that begins with "${PREFIXES[missing]}"`;
    throw new InputError(
      `${path}: expected a Stable Diffusion 1.x checkpoint with U-Net, VAE and text encoder in the original layout, got ${got}`,
    );
  }
  const configs = inferConfigs(ours, path, { side: sideOf(file) });
  const shapes = {} as Record<SingleFilePart, Map<string, Shape>>;
  const names = {} as Record<SingleFilePart, Map<string, string>>;
  for (const part of PARTS) {
    const expected = expectedOf(part, configs, path);
    const spell = speller(part, configs);
    const back = new Map([...expected.keys()].map((name) => [spell(name), name]));
    const found = new Map<string, Shape>();
    for (const [name, shape] of ours) if (name.startsWith(PREFIXES[part])) found.set(back.get(name) ?? name, shape);
    checkShapes(found, expected, {
      source: path,
      configPath: IMPLIED,
      spell: (name) => (expected.has(name) ? spell(name) : name),
    });
    shapes[part] = expected;
    names[part] = new Map([...back].map(([original, name]) => [name, spelled.get(original)!]));
  }
  checkTogether(configs, path);
  if (ema) names.unet = emaNames(names.unet, { path, tensors });
  return { configs, shapes, names };
}

/**
 * Side in pixels of the model's pictures according to the file's metadata; undefined unless the pictures are square.
 */
function sideOf({ metadata }: TensorFile): number | undefined {
  const [, width, height] = /^(\d{2,5})x(\d{2,5})$/.exec(metadata['modelspec.resolution'] ?? '') ?? [];
  return width !== undefined && width === height ? Number(width) : undefined;
}

/** Converts a text encoder's tensor name. Files of some tools lack `text_model.`, the module around the transformer. */
function currentTextName(name: string): string {
  const { textEncoder: prefix } = PREFIXES;
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(embeddings|encoder|final_layer_norm)\./.test(rest) ? `${prefix}text_model.${rest}` : name;
}

function isIgnored(name: string): boolean {
  if (!Object.values(PREFIXES).some((prefix) => name.startsWith(prefix))) return true;
  return isBuffer(name) || name.startsWith(`${PREFIXES.vae}loss.`);
}

/** Returns a function from diffusers' name of a parameter to its name in the file. */
export function speller(part: SingleFilePart, configs: Configs): (name: string) => string {
  const rename = {
    unet: () => originalUnetName(configs.unet),
    vae: () => originalVaeName(configs.vae),
    textEncoder: () => (name: string) => name,
  }[part]();
  return (name) => PREFIXES[part] + rename(name);
}

/** Names and shapes of the tensors that the config of `part` requires. */
export function expectedOf(part: SingleFilePart, configs: Configs, path: string): Map<string, Shape> {
  const kind = COMPONENT_KINDS[part] as ComponentKind<Configs[typeof part]>;
  return expectedShapes(kind, configs[part], path);
}

function checkTogether({ unet, vae, textEncoder }: Configs, path: string): void {
  if (unet.in_channels !== vae.latent_channels) {
    throw new InputError(
      `${path}: tensor "${PREFIXES.unet}input_blocks.0.0.weight": expected ${vae.latent_channels} input channels like the VAE's latents, got ${unet.in_channels}${describeInputs(unet.in_channels)}`,
    );
  }
  if (unet.cross_attention_dim !== textEncoder.hidden_size) {
    throw new InputError(
      `${path}: tensor "${TOKEN_TABLE}": expected ${unet.cross_attention_dim} columns like the U-Net's cross-attention, got ${textEncoder.hidden_size}`,
    );
  }
}
