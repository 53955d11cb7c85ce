/**
 * Reads and writes LoRA files in two naming schemes. The table shows which programs read each scheme, according to the
 * programs' loader code:
 *
 * | spelling | A1111, Forge | kohya's sd-scripts | ComfyUI | diffusers |
 * |---|---|---|---|---|
 * | kohya | yes | yes | yes | yes |
 * | diffusers | no | no | yes | yes |
 *
 * Sources: kohya-ss/sd-scripts `networks/lora.py` and `library/sai_model_spec.py`; ComfyUI `comfy/lora.py`
 * (`model_lora_keys_unet`, `model_lora_keys_clip`) and `comfy/weight_adapter/lora.py`; diffusers
 * `loaders/lora_conversion_utils.py`, `loaders/lora_base.py` and `utils/state_dict_utils.py`; sd-webui
 * `extensions-builtin/Lora/networks.py`.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatShape, type ParameterValue, type ParameterValues, type Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { type FloatType, isWeightType } from '../safetensors/element-type.ts';
import { quote } from '../safetensors/header-json.ts';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';
import { withTensorFile } from '../tensor-file/open-tensor-file.ts';
import { readTensors } from '../tensor-file/read-tensors.ts';
import type { TensorFile } from '../tensor-file/tensor-file.ts';
import type { LoraModule, LoraModules } from './lora.ts';
import { kohyaMetadata, readAlphas, type TrainingFacts } from './lora-metadata.ts';
import { factorShapes } from './low-rank-scope.ts';
import {
  DIFFUSERS_PREFIXES,
  kohyaName,
  LORA_PARTS,
  type LoraConfigs,
  type LoraPart,
  type ModuleName,
  modulesByName,
} from './module-names.ts';

/** The updates of U-Net and text encoder; either update can be empty. */
export type Lora = Readonly<Record<LoraPart, LoraModules>>;

export type LoraSpelling = 'kohya' | 'diffusers';

export interface SaveLoraOptions {
  spelling?: LoraSpelling;
  dtype?: FloatType;
  /** Facts about the training for the file's metadata. */
  facts?: TrainingFacts;
  /** Further strings for the file's `__metadata__`. */
  metadata?: Readonly<Record<string, string>>;
}

/** Names of one module's tensors in the file. */
interface TensorNames {
  readonly down: string;
  readonly up: string;
  /** Name of the alpha tensor; undefined when alpha is already multiplied into `up`. */
  readonly alpha?: string;
}

const SPELLINGS: Readonly<Record<LoraSpelling, (module: Pick<ModuleName, 'part' | 'path'>) => TensorNames>> = {
  kohya(module) {
    const name = kohyaName(module);
    return { down: `${name}.lora_down.weight`, up: `${name}.lora_up.weight`, alpha: `${name}.alpha` };
  },
  /**
   * The names that diffusers wrote until 2023 and still reads. ComfyUI cannot read the attention modules under
   * diffusers' newer names (`.lora_A.weight`). diffusers and ComfyUI store alpha in different places.
   */
  diffusers({ part, path }) {
    const name = DIFFUSERS_PREFIXES[part] + path;
    const attention = /^(.*\.attn[12])\.(to_[qkv]|to_out)(?:\.0)?$/.exec(name);
    const stem =
      part === 'textEncoder'
        ? `${name}.lora_linear_layer`
        : attention === null
          ? `${name}.lora`
          : `${attention[1]}.processor.${attention[2]}_lora`;
    return { down: `${stem}.down.weight`, up: `${stem}.up.weight` };
  },
};

/** Writes a LoRA atomically. Throws an InputError when the file exists or the LoRA is empty. */
export async function saveLora(
  path: string,
  lora: Lora,
  { spelling = 'kohya', dtype = 'F16', facts = {}, metadata = {} }: SaveLoraOptions = {},
): Promise<void> {
  if (await stat(path).catch(() => undefined)) {
    throw new InputError(`${path}: expected a file that does not exist yet, got one that does`);
  }
  const tensors: ParameterValues = new Map();
  const written = { unet: new Map<string, LoraModule>(), textEncoder: new Map<string, LoraModule>() };
  for (const part of LORA_PARTS) {
    for (const [module, factors] of lora[part]) {
      const names = SPELLINGS[spelling]({ part, path: module });
      const { down, up, alpha } = names.alpha === undefined ? withAlphaInside(factors) : factors;
      tensors.set(names.down, down);
      tensors.set(names.up, up);
      if (names.alpha !== undefined) tensors.set(names.alpha, { shape: [], data: Float32Array.of(alpha) });
      written[part].set(module, { down, up, alpha });
    }
  }
  if (tensors.size === 0) throw new InputError(`${path}: expected a LoRA of at least one module, got none`);
  await mkdir(dirname(path), { recursive: true });
  await writeSafetensors(path, tensors, { dtype, metadata: { ...metadata, ...kohyaMetadata(written, facts) } });
}

/** Converts an update to an equal update whose alpha is the rank. Loaders assume this value for files without alpha. */
function withAlphaInside({ down, up, alpha }: LoraModule): LoraModule {
  const rank = down.shape[0]!;
  return { down, up: { shape: up.shape, data: up.data.map((value) => (value * alpha) / rank) }, alpha: rank };
}

/** Endings of the factors' tensor names, including the endings that diffusers wrote in 2023. */
const ENDS: readonly { readonly pattern: RegExp; readonly is: 'down' | 'up' | 'alpha' }[] = [
  { pattern: /(\.lora_down|\.lora_A|\.lora\.down|\.lora_linear_layer\.down|_lora\.down)\.weight$/, is: 'down' },
  { pattern: /(\.lora_up|\.lora_B|\.lora\.up|\.lora_linear_layer\.up|_lora\.up)\.weight$/, is: 'up' },
  { pattern: /\.alpha$/, is: 'alpha' },
];

/** Unsupported kinds of adapters, each with a pattern that matches part of its tensor names. */
const OTHER_FORMS: readonly (readonly [RegExp, string])[] = [
  [/\.hada_w\d/, 'LoHa'],
  [/\.lokr_w\d/, 'LoKr'],
  [/\.(dora_scale|lora_magnitude_vector)/, 'DoRA'],
  [/\.lora_mid\./, 'a LoCon with a third factor'],
  [/^(lora_te[12]_|text_encoder_2\.|lora_transformer_)/, 'a LoRA of another family (Stable Diffusion XL, 3 or FLUX)'],
];

interface Found {
  readonly module: ModuleName;
  down?: string;
  up?: string;
  alpha?: string;
}

/**
 * Reads a LoRA for networks of these configs, in any of the known spellings. Names and shapes are checked before any
 * tensor data is read. Throws for an unknown module, a wrong shape, one of the two factors missing, another kind of
 * adapter, or a file without LoRA. The message names the file and the tensor.
 */
export async function loadLora(
  path: string,
  configs: LoraConfigs,
): Promise<Lora & { readonly metadata: Readonly<Record<string, string>> }> {
  const { found, entries, tensors, metadata } = await withTensorFile(path, async (file) => {
    const modules = findModules(file.tensors, modulesByName(configs), path);
    for (const one of modules.values()) checkFactors(one, file.tensors, path);
    const values = await readTensors(file);
    return { found: modules, entries: file.tensors, tensors: values, metadata: file.metadata };
  });
  const alphaOf = readAlphas(metadata, path);
  const lora = { unet: new Map<string, LoraModule>(), textEncoder: new Map<string, LoraModule>() };
  for (const { module, down, up, alpha } of found.values()) {
    const rank = entries.get(down!)!.shape[0]!;
    const shapes = factorShapes(module.shape, rank);
    const value = (name: string, shape: Shape): ParameterValue => ({ shape, data: tensors.get(name)!.data });
    lora[module.part].set(module.path, {
      down: value(down!, shapes.down),
      up: value(up!, shapes.up),
      alpha: alpha === undefined ? (alphaOf(module) ?? rank) : tensors.get(alpha)!.data[0]!,
    });
  }
  return { ...lora, metadata };
}

function findModules(
  entries: TensorFile['tensors'],
  names: ReadonlyMap<string, ModuleName>,
  path: string,
): Map<ModuleName, Found> {
  const found = new Map<ModuleName, Found>();
  for (const [tensor, { dtype }] of entries) {
    const other = OTHER_FORMS.find(([pattern]) => pattern.test(tensor))?.[1];
    const end = ENDS.find(({ pattern }) => pattern.test(tensor));
    if (other !== undefined || end === undefined) {
      throw new InputError(
        `${path}: expected the low-rank factors of a LoRA for Stable Diffusion 1.x, got ${other === undefined ? '' : `${other}: `}tensor ${quote(tensor)}`,
      );
    }
    const module = names.get(moduleSpelling(tensor.replace(end.pattern, '')));
    if (module === undefined) {
      throw new InputError(
        `${path}: tensor ${quote(tensor)}: expected a module of the model's U-Net or text encoder, got none of that name`,
      );
    }
    // torch.tensor(4) is an integer, and so is many a file's alpha.
    if (end.is !== 'alpha' && !isWeightType(dtype)) {
      throw new InputError(`${path}: tensor ${quote(tensor)}: expected floating-point weights, got ${dtype}`);
    }
    const one = found.get(module) ?? { module };
    if (one[end.is] !== undefined) {
      throw new InputError(
        `${path}: tensor ${quote(tensor)}: expected each factor once, got it as ${quote(one[end.is]!)} too`,
      );
    }
    one[end.is] = tensor;
    found.set(module, one);
  }
  if (found.size === 0) throw new InputError(`${path}: expected the low-rank factors of a LoRA, got no tensor`);
  return found;
}

/**
 * Older diffusers versions stored the factors under an attention "processor": `attn1.processor.to_out_lora` stands for
 * `attn1.to_out.0`.
 */
function moduleSpelling(name: string): string {
  return name.replace(/\.processor\.(to_[qkv])$/, '.$1').replace(/\.processor\.to_out$/, '.to_out.0');
}

function checkFactors(
  { module, down, up, alpha }: Found,
  entries: ReadonlyMap<string, { readonly shape: Shape }>,
  path: string,
): void {
  if (down === undefined || up === undefined) {
    throw new InputError(
      `${path}: tensor ${quote(down ?? up ?? alpha!)}: expected both factors of its module, got one or none`,
    );
  }
  const [rank] = entries.get(down)!.shape;
  const wanted = factorShapes(module.shape, rank ?? 0);
  for (const [tensor, shape] of [
    [down, wanted.down],
    [up, wanted.up],
  ] as const) {
    const actual = entries.get(tensor)!.shape;
    if (!rank || !sameUpToKernel(actual, shape)) {
      throw new InputError(
        `${path}: tensor ${quote(tensor)}: expected ${formatShape(shape)} for a weight of ${formatShape(module.shape)}, got ${formatShape(actual)}`,
      );
    }
  }
  if (alpha !== undefined && entries.get(alpha)!.shape.some((size) => size !== 1)) {
    throw new InputError(
      `${path}: tensor ${quote(alpha)}: expected one number, got ${formatShape(entries.get(alpha)!.shape)}`,
    );
  }
}

/**
 * Whether the shapes are equal, apart from trailing axes of a 1 x 1 kernel. Some files store a linear layer as the
 * equivalent 1 x 1 convolution, or the reverse.
 */
function sameUpToKernel(actual: Shape, expected: Shape): boolean {
  const trim = (shape: Shape) => (shape.length === 4 && shape[2] === 1 && shape[3] === 1 ? shape.slice(0, 2) : shape);
  return trim(actual).join() === trim(expected).join();
}
