/**
 * A Stable Diffusion 1.x checkpoint in one safetensors file, in the original key layout: what A1111 and ComfyUI read.
 * The names are `original-names.ts`', the configs `infer-configs.ts`'.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ParameterValues, Shape } from '@heed/autodiff';
import type { SchedulerConfig } from '../../configs/scheduler-config.ts';
import { InputError } from '../../errors.ts';
import {
  checkComponents,
  describeInputs,
  nativeSize,
  type StableDiffusionComponents,
} from '../../pipeline/components.ts';
import { ENCODERS, type FloatType } from '../../safetensors/element-type.ts';
import type { SafetensorsHeader } from '../../safetensors/header.ts';
import { quote } from '../../safetensors/header-json.ts';
import { readSafetensors, readSafetensorsHeader } from '../../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../../safetensors/write-safetensors.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { checkShapes, expectedShapes, shapesOf } from '../check-shapes.ts';
import { COMPONENT_KINDS, type ComponentConfigs, type ComponentKind } from '../component-kinds.ts';
import { isBuffer } from '../legacy-names.ts';
import { clipTokenizer } from './clip-vocabulary.ts';
import { describeFamily } from './families.ts';
import { inferConfigs, SCHEDULER_1X } from './infer-configs.ts';
import { originalUnetName, originalVaeName, PREFIXES, type SingleFilePart } from './original-names.ts';

const PARTS = ['unet', 'vae', 'textEncoder'] as const satisfies readonly SingleFilePart[];
/** Stands in sentences where a folder's config.json would. */
const IMPLIED = 'the rest of the file';

type Configs = Pick<ComponentConfigs, SingleFilePart>;

export interface LoadCheckpointFileOptions {
  /** The U-Net's weights in place of the file's, which are then not read: a U-Net in training. */
  unetParameters?: ParameterValues | undefined;
  /** In place of CLIP's own, for a text encoder with another vocabulary. */
  tokenizer?: Tokenizer | undefined;
}

/** What a header tells: configs, and for each network the file's name of every tensor. */
interface Plan {
  readonly configs: Configs;
  readonly shapes: { readonly [Name in SingleFilePart]: ReadonlyMap<string, Shape> };
  /** diffusers' name to the name in the file. */
  readonly names: { readonly [Name in SingleFilePart]: ReadonlyMap<string, string> };
}

/**
 * Reads a single-file checkpoint of Stable Diffusion 1.x. All names and shapes are checked before the first weight is read;
 * tensors outside the three networks (EMA copies, schedules) are left alone. Throws one sentence that names the file and
 * the tensor: another family of models, a network that is missing, sizes that contradict each other, pickled weights.
 */
export async function loadCheckpointFile(
  path: string,
  { unetParameters, tokenizer }: LoadCheckpointFileOptions = {},
): Promise<StableDiffusionComponents> {
  const { configs, shapes, names } = planOf(await readSafetensorsHeader(path), path);
  const vocabulary = tokenizer ?? (await clipTokenizer());
  checkVocabulary(path, configs, vocabulary);
  if (unetParameters) {
    checkShapes(shapesOf(unetParameters), shapes.unet, { source: 'the given weights of unet', configPath: path });
  }
  const parts = PARTS.filter((part) => part !== 'unet' || unetParameters === undefined);
  const wanted = new Set(parts.flatMap((part) => [...names[part].values()]));
  const { tensors } = await readSafetensors(path, { only: (name) => wanted.has(name) });
  const parametersOf = (part: SingleFilePart): ParameterValues =>
    new Map(
      [...shapes[part]].map(([name, shape]) => [name, { shape, data: tensors.get(names[part].get(name)!)!.data }]),
    );
  return {
    unet: { config: configs.unet, parameters: unetParameters ?? parametersOf('unet') },
    vae: { config: configs.vae, parameters: parametersOf('vae') },
    textEncoder: { config: configs.textEncoder, parameters: parametersOf('textEncoder') },
    tokenizer: vocabulary,
    scheduler: SCHEDULER_1X,
  };
}

/** Checks all that `loadCheckpointFile` checks before it reads weights, with its errors. */
export async function checkCheckpointFile(path: string): Promise<void> {
  const { configs } = planOf(await readSafetensorsHeader(path), path);
  checkVocabulary(path, configs, await clipTokenizer());
}

/** The configs that a checkpoint's header tells; errors as of `checkCheckpointFile`. */
export async function readCheckpointConfigs(path: string): Promise<Configs & { scheduler: SchedulerConfig }> {
  const { configs } = planOf(await readSafetensorsHeader(path), path);
  return { ...configs, scheduler: SCHEDULER_1X };
}

export interface SaveCheckpointFileOptions {
  dtype?: FloatType;
  /** Strings for the file's `__metadata__`. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a model as a single file, whole or not at all; throws one sentence where a file is there already, and for a model
 * whose tokenizer is not CLIP's: such a file has no place for one.
 */
export async function saveCheckpointFile(
  path: string,
  components: StableDiffusionComponents,
  { dtype = 'F16', metadata = {} }: SaveCheckpointFileOptions = {},
): Promise<void> {
  checkComponents(components);
  const { size } = (await clipTokenizer()).files.vocab;
  if (components.tokenizer.vocabSize !== size) {
    throw new InputError(
      `${path}: expected a model with CLIP's own ${size} tokens, since a single file has no place for a tokenizer, got one with ${components.tokenizer.vocabSize} (a diffusers folder holds it)`,
    );
  }
  if (await stat(path).catch(() => undefined)) {
    throw new InputError(`${path}: expected a file that does not exist yet, got one that does`);
  }
  const configs = configsOf(components);
  const tensors: ParameterValues = new Map();
  for (const part of PARTS) {
    const { parameters } = components[part];
    const expected = expectedOf(part, configs, path);
    checkShapes(shapesOf(parameters), expected, { source: `the weights of ${part}`, configPath: 'its config' });
    const spell = speller(part, configs);
    for (const [name, { shape, data }] of parameters) {
      tensors.set(spell(name), { shape: isConvolutionThere(spell(name)) ? [...shape, 1, 1] : shape, data });
    }
  }
  await mkdir(dirname(path), { recursive: true });
  await writeSafetensors(path, tensors, { dtype, metadata: { ...checkpointMetadata(components), ...metadata } });
}

/** Stability's model specification 1.0.1, as A1111, kohya and ComfyUI show it. */
function checkpointMetadata(components: StableDiffusionComponents): Record<string, string> {
  const { scheduler } = components;
  const side = nativeSize(components);
  return {
    'modelspec.sai_model_spec': '1.0.1',
    'modelspec.architecture': 'stable-diffusion-v1',
    'modelspec.implementation': 'https://github.com/CompVis/stable-diffusion',
    'modelspec.prediction_type': scheduler.prediction_type === 'v_prediction' ? 'v' : 'epsilon',
    'modelspec.resolution': `${side}x${side}`,
  };
}

function planOf({ entries }: SafetensorsHeader, path: string): Plan {
  const ours = new Map<string, Shape>();
  const spelled = new Map<string, string>();
  for (const [old, { shape, dtype }] of entries) {
    const name = currentTextName(old);
    if (isIgnored(name)) continue;
    if (!Object.hasOwn(ENCODERS, dtype)) {
      throw new InputError(`${path}: tensor ${quote(old)}: expected floating-point weights, got ${dtype}`);
    }
    if (ours.has(name))
      throw new InputError(`${path}: expected the tensor ${quote(name)} once, got it in two spellings`);
    ours.set(name, shape);
    spelled.set(name, old);
  }
  const missing = PARTS.find((part) => ![...ours.keys()].some((name) => name.startsWith(PREFIXES[part])));
  if (missing !== undefined) {
    const got = describeFamily(entries.keys()) ?? `no tensor that begins with "${PREFIXES[missing]}"`;
    throw new InputError(
      `${path}: expected a Stable Diffusion 1.x checkpoint with U-Net, VAE and text encoder in the original layout, got ${got}`,
    );
  }
  const configs = inferConfigs(ours, path);
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
  return { configs, shapes, names };
}

/** Text encoders converted by some tools lack the module around the transformer. */
function currentTextName(name: string): string {
  const { textEncoder: prefix } = PREFIXES;
  const rest = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^(embeddings|encoder|final_layer_norm)\./.test(rest) ? `${prefix}text_model.${rest}` : name;
}

function isIgnored(name: string): boolean {
  if (!Object.values(PREFIXES).some((prefix) => name.startsWith(prefix))) return true;
  return isBuffer(name) || name.startsWith(`${PREFIXES.vae}loss.`);
}

/** The original VAE attends with 1 x 1 convolutions. */
function isConvolutionThere(name: string): boolean {
  return name.startsWith(PREFIXES.vae) && /\.attn_1\.(q|k|v|proj_out)\.weight$/.test(name);
}

function speller(part: SingleFilePart, configs: Configs): (name: string) => string {
  const rename = {
    unet: () => originalUnetName(configs.unet),
    vae: () => originalVaeName(configs.vae),
    textEncoder: () => (name: string) => name,
  }[part]();
  return (name) => PREFIXES[part] + rename(name);
}

function expectedOf(part: SingleFilePart, configs: Configs, path: string): Map<string, Shape> {
  const kind = COMPONENT_KINDS[part] as ComponentKind<Configs[typeof part]>;
  return expectedShapes(kind, configs[part], path);
}

function configsOf({ unet, vae, textEncoder }: StableDiffusionComponents): Configs {
  return { unet: unet.config, vae: vae.config, textEncoder: textEncoder.config };
}

function checkTogether({ unet, vae, textEncoder }: Configs, path: string): void {
  if (unet.in_channels !== vae.latent_channels) {
    throw new InputError(
      `${path}: tensor "${PREFIXES.unet}input_blocks.0.0.weight": expected ${vae.latent_channels} input channels like the VAE's latents, got ${unet.in_channels}${describeInputs(unet.in_channels)}`,
    );
  }
  if (unet.cross_attention_dim !== textEncoder.hidden_size) {
    throw new InputError(
      `${path}: tensor "${PREFIXES.textEncoder}text_model.embeddings.token_embedding.weight": expected ${unet.cross_attention_dim} columns like the U-Net's cross-attention, got ${textEncoder.hidden_size}`,
    );
  }
}

function checkVocabulary(path: string, { textEncoder }: Configs, tokenizer: Tokenizer): void {
  if (tokenizer.vocabSize === textEncoder.vocab_size) return;
  throw new InputError(
    `${path}: tensor "${PREFIXES.textEncoder}text_model.embeddings.token_embedding.weight": expected ${tokenizer.vocabSize} rows, one for each token of the tokenizer, got ${textEncoder.vocab_size}`,
  );
}
