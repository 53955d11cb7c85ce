/**
 * A Stable Diffusion 1.x checkpoint in one file, in the original key layout, the format that A1111 and ComfyUI read.
 * The file is in safetensors format or was written by torch.save. `original-names.ts` maps the tensor names, and
 * `infer-configs.ts` infers the configs.
 */
import type { ParameterValues } from '@heed/autodiff';
import type { SchedulerConfig } from '../../configs/scheduler-config.ts';
import { InputError } from '../../errors.ts';
import type { StableDiffusionComponents } from '../../pipeline/components.ts';
import { withTensorFile } from '../../tensor-file/open-tensor-file.ts';
import { readNamedTensors } from '../../tensor-file/read-tensors.ts';
import type { TensorFile } from '../../tensor-file/tensor-file.ts';
import type { Tokenizer } from '../../tokenizer/tokenizer.ts';
import { checkShapes, shapesOf } from '../check-shapes.ts';
import { clipTokenizer } from './clip-vocabulary.ts';
import { hasEma } from './ema-names.ts';
import { readSchedule } from './file-schedule.ts';
import { type SingleFilePart, TOKEN_TABLE } from './original-names.ts';
import { type Configs, type Plan, planOf } from './plan.ts';

export interface LoadCheckpointFileOptions {
  /**
   * U-Net weights that replace the weights in the file, for example those of a U-Net in training. With this option the
   * file's U-Net weights are not read.
   */
  unetParameters?: ParameterValues | undefined;
  /**
   * Whether to use the U-Net's EMA weights if the file has EMA and ordinary weights. The default is the ordinary
   * weights, as in diffusers.
   */
  ema?: boolean | undefined;
  /** Replaces CLIP's tokenizer, for a text encoder with another vocabulary. */
  tokenizer?: Tokenizer | undefined;
}

/**
 * Reads a single-file checkpoint of Stable Diffusion 1.x. All names and shapes are checked before the first weight is
 * read. Tensors outside the three networks, such as schedules, are ignored. EMA copies are also ignored unless `ema` is
 * set. Throws an error that names the file and the tensor for another family of models, a missing network, or sizes
 * that contradict each other.
 */
export async function loadCheckpointFile(
  path: string,
  { unetParameters, ema, tokenizer }: LoadCheckpointFileOptions = {},
): Promise<StableDiffusionComponents> {
  return withTensorFile(path, (file) => readComponents(file, { unetParameters, ema, tokenizer }));
}

async function readComponents(
  file: TensorFile,
  { unetParameters, ema, tokenizer }: LoadCheckpointFileOptions,
): Promise<StableDiffusionComponents> {
  const { path } = file;
  const { configs, shapes, names } = planOf(file, { ema });
  const vocabulary = tokenizer ?? (await clipTokenizer());
  checkVocabulary(path, configs, vocabulary);
  if (unetParameters) {
    checkShapes(shapesOf(unetParameters), shapes.unet, { source: 'the given weights of unet', configPath: path });
  }
  const read = (part: SingleFilePart): Promise<ParameterValues> =>
    readNamedTensors(file, { names: names[part], shapes: shapes[part] });
  return {
    unet: { config: configs.unet, parameters: unetParameters ?? (await read('unet')) },
    vae: { config: configs.vae, parameters: await read('vae') },
    textEncoder: { config: configs.textEncoder, parameters: await read('textEncoder') },
    tokenizer: vocabulary,
    scheduler: await readSchedule(file),
  };
}

/** Runs all checks of `loadCheckpointFile` that need no weights, with the same errors. */
export async function checkCheckpointFile(
  path: string,
  { ema }: Pick<LoadCheckpointFileOptions, 'ema'> = {},
): Promise<void> {
  const { configs } = await readPlan(path, { ema });
  checkVocabulary(path, configs, await clipTokenizer());
}

/** Infers the configs from a checkpoint's names and shapes; throws the same errors as `checkCheckpointFile`. */
export async function readCheckpointConfigs(path: string): Promise<Configs & { scheduler: SchedulerConfig }> {
  return withTensorFile(path, async (file) => ({ ...planOf(file).configs, scheduler: await readSchedule(file) }));
}

/** Whether the checkpoint at `path` has EMA weights besides the ordinary weights. */
export function hasEmaWeights(path: string): Promise<boolean> {
  return withTensorFile(path, hasEma);
}

function readPlan(path: string, options: Pick<LoadCheckpointFileOptions, 'ema'>): Promise<Plan> {
  return withTensorFile(path, (file) => planOf(file, options));
}

function checkVocabulary(path: string, { textEncoder }: Configs, tokenizer: Tokenizer): void {
  if (tokenizer.vocabSize === textEncoder.vocab_size) return;
  throw new InputError(
    `${path}: tensor "${TOKEN_TABLE}": expected ${tokenizer.vocabSize} rows, one for each token of the tokenizer, got ${textEncoder.vocab_size}`,
  );
}
