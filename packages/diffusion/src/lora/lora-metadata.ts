/**
 * Metadata of LoRA files: writes kohya's `ss_*` and Stability's `modelspec.*` keys, and reads alpha from diffusers'
 * adapter config. All values are strings.
 */
import { PythonJsonError, parsePythonJson } from '../checkpoint/python-json.ts';
import { InputError } from '../errors.ts';
import type { LoraModule, LoraModules } from './lora.ts';
import { DIFFUSERS_PREFIXES, LORA_PARTS, type LoraPart, type ModuleName } from './module-names.ts';

/** Known facts about the training of a LoRA. */
export interface TrainingFacts {
  /** Shown as the title. */
  name?: string;
  author?: string;
  /** `epsilon` or `v_prediction`. */
  predictionType?: string;
  /** Side of the training images in pixels. */
  resolution?: number;
  learningRate?: number;
  seed?: number;
  steps?: number;
  batchSize?: number;
  /** Number of training images. */
  images?: number;
  /**
   * The base model's file, if the base model is a single file: the file name with extension, and the SHA-256 of the
   * bytes.
   */
  baseModelFile?: { fileName: string; sha256: string } | undefined;
  finishedAt?: Date;
  comment?: string;
}

type Updates = Readonly<Record<LoraPart, LoraModules>>;

/**
 * Returns sd-scripts' own keys (`ss_*`), which A1111 and ComfyUI show, and the keys of Stability's model specification
 * 1.0.1.
 */
export function kohyaMetadata(lora: Updates, facts: TrainingFacts): Record<string, string> {
  const modules = LORA_PARTS.flatMap((part) => [...lora[part].values()]);
  const linear = modules.find((module) => !hasKernel(module)) ?? modules[0]!;
  const convolution = modules.find(hasKernel);
  const side = facts.resolution === undefined ? undefined : `${facts.resolution}x${facts.resolution}`;
  return present({
    ss_network_module: 'networks.lora',
    ss_network_dim: String(rankOf(linear)),
    ss_network_alpha: String(linear.alpha),
    ss_network_args: convolution
      ? JSON.stringify({ conv_dim: String(rankOf(convolution)), conv_alpha: String(convolution.alpha) })
      : undefined,
    ss_base_model_version: 'sd_v1',
    ss_v2: 'False',
    ss_output_name: facts.name,
    ss_sd_model_name: facts.baseModelFile?.fileName,
    ss_new_sd_model_hash: facts.baseModelFile?.sha256,
    ss_learning_rate: facts.learningRate,
    ss_unet_lr: facts.learningRate,
    ss_seed: facts.seed,
    ss_steps: facts.steps,
    ss_max_train_steps: facts.steps,
    ss_batch_size_per_device: facts.batchSize,
    ss_num_train_images: facts.images,
    ss_resolution: facts.resolution === undefined ? undefined : `(${facts.resolution}, ${facts.resolution})`,
    ss_training_finished_at: facts.finishedAt === undefined ? undefined : facts.finishedAt.getTime() / 1000,
    ss_training_comment: facts.comment,
    'modelspec.sai_model_spec': '1.0.1',
    'modelspec.architecture': 'stable-diffusion-v1/lora',
    'modelspec.implementation': 'diffusers',
    'modelspec.title': facts.name,
    'modelspec.author': facts.author,
    'modelspec.date': facts.finishedAt?.toISOString().replace(/\.\d+Z$/, ''),
    'modelspec.prediction_type': facts.predictionType?.replace('v_prediction', 'v'),
    'modelspec.resolution': side,
  });
}

/**
 * Returns a function that gives a module's alpha from `lora_adapter_metadata`, or undefined if this metadata gives
 * none.
 */
export function readAlphas(
  metadata: Readonly<Record<string, string>>,
  source: string,
): (module: ModuleName) => number | undefined {
  const text = metadata.lora_adapter_metadata;
  if (text === undefined) return () => undefined;
  let adapter: Record<string, unknown>;
  try {
    adapter = parsePythonJson(text) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof PythonJsonError)) throw error;
    throw new InputError(`${source}: metadata "lora_adapter_metadata": expected JSON, got: ${error.message}`);
  }
  if (typeof adapter !== 'object' || adapter === null) return () => undefined;
  return ({ part, path }) => {
    const prefix = DIFFUSERS_PREFIXES[part];
    const pattern = adapter[`${prefix}alpha_pattern`] as Record<string, unknown> | undefined;
    const alpha = pattern?.[path] ?? adapter[`${prefix}lora_alpha`];
    return typeof alpha === 'number' && alpha > 0 ? alpha : undefined;
  };
}

function rankOf({ down }: LoraModule): number {
  return down.shape[0]!;
}

function hasKernel({ down }: LoraModule): boolean {
  return (down.shape[2] ?? 1) > 1;
}

function present(values: Record<string, string | number | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
  );
}
