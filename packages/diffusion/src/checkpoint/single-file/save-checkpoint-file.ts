/** Writes a Stable Diffusion 1.x model as one safetensors file in the original key layout. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ParameterValues } from '@heed/autodiff';
import { InputError } from '../../errors.ts';
import { checkComponents, nativeSize, type StableDiffusionComponents } from '../../pipeline/components.ts';
import type { FloatType } from '../../safetensors/element-type.ts';
import { writeSafetensors } from '../../safetensors/write-safetensors.ts';
import { checkShapes, shapesOf } from '../check-shapes.ts';
import { checkClipTokens, checkImplied } from './carried.ts';
import { clipTokenizer } from './clip-vocabulary.ts';
import { scheduleMarks } from './file-schedule.ts';
import { inferConfigs } from './infer-configs.ts';
import { PREFIXES, TOKEN_TABLE } from './original-names.ts';
import { type Configs, expectedOf, PARTS, speller } from './plan.ts';

export interface SaveCheckpointFileOptions {
  dtype?: FloatType;
  /** Strings for the file's `__metadata__`. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a model as a single file, atomically. Throws an InputError when the file exists. The function also throws for
 * models that the format cannot represent, for example if the tokenizer is not CLIP's or the number of attention heads
 * differs.
 */
export async function saveCheckpointFile(
  path: string,
  components: StableDiffusionComponents,
  { dtype = 'F16', metadata = {} }: SaveCheckpointFileOptions = {},
): Promise<void> {
  checkComponents(components);
  if (components.contrast) {
    throw new InputError(
      `${path}: expected a model without a contrast, since a single file has no place for its U-Nets, got one with it (a diffusers folder holds it)`,
    );
  }
  const clip = await clipTokenizer();
  checkClipTokens(components, clip, path);
  if (await stat(path).catch(() => undefined)) {
    throw new InputError(`${path}: expected a file that does not exist yet, got one that does`);
  }
  const tensors = checkpointTensors(components, path);
  trimTokenTable(tensors, clip.vocabSize);
  const side = nativeSize(components);
  checkImplied(configsOf(components), inferConfigs(shapesOf(tensors), path, { side }), path);
  const marks = scheduleMarks(components.scheduler);
  for (const name of marks.tensors) tensors.set(name, { shape: [0], data: new Float32Array() });
  await mkdir(dirname(path), { recursive: true });
  const own = { ...checkpointMetadata(side), ...marks.metadata };
  await writeSafetensors(path, tensors, { dtype, metadata: { ...own, ...metadata } });
}

/** Removes the rows after the last token from the embedding table; some tools add such rows as padding. */
function trimTokenTable(tensors: ParameterValues, rows: number): void {
  const { shape, data } = tensors.get(TOKEN_TABLE)!;
  const columns = shape[1]!;
  tensors.set(TOKEN_TABLE, { shape: [rows, columns], data: data.subarray(0, rows * columns) });
}

/** The tensors of a model under the names and shapes of the original code. Errors begin with `path`. */
export function checkpointTensors(components: StableDiffusionComponents, path: string): ParameterValues {
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
  return tensors;
}

/** Metadata of Stability's model specification 1.0.1, which A1111, kohya and ComfyUI show. */
function checkpointMetadata(side: number): Record<string, string> {
  return {
    'modelspec.sai_model_spec': '1.0.1',
    'modelspec.architecture': 'stable-diffusion-v1',
    'modelspec.implementation': 'https://github.com/CompVis/stable-diffusion',
    'modelspec.resolution': `${side}x${side}`,
  };
}

/** Whether the original VAE stores this linear layer as a 1 x 1 convolution. */
function isConvolutionThere(name: string): boolean {
  return name.startsWith(PREFIXES.vae) && /\.attn_1\.(q|k|v|proj_out)\.weight$/.test(name);
}

function configsOf({ unet, vae, textEncoder }: StableDiffusionComponents): Configs {
  return { unet: unet.config, vae: vae.config, textEncoder: textEncoder.config };
}
