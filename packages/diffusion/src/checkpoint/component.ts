/** One network of a checkpoint, read from and written to its folder: `config.json` and its weights. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParameterValues } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import type { ModelComponent } from '../pipeline/components.ts';
import { type FloatType, isWeightType } from '../safetensors/element-type.ts';
import { quote } from '../safetensors/header-json.ts';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';
import { withTensorFile } from '../tensor-file/open-tensor-file.ts';
import { readNamedTensors } from '../tensor-file/read-tensors.ts';
import type { TensorFile } from '../tensor-file/tensor-file.ts';
import { checkShapes, expectedShapes, shapesOf } from './check-shapes.ts';
import { COMPONENT_KINDS, type ComponentConfigs, type ComponentKind, type ComponentName } from './component-kinds.ts';
import { MAX_CONFIG_BYTES, readJsonFile, writeJsonFile } from './json-file.ts';
import { currentName } from './legacy-names.ts';
import { findWeightsFile } from './weights-file.ts';

export interface LoadComponentOptions {
  /** The variant of the weights, `fp16` for `*.fp16.safetensors`; by default full precision if available, else fp16. */
  variant?: string | undefined;
  /**
   * Weights that replace the weights in the file, for example those of a network in training. With this option the
   * file's weights are not read.
   */
  parameters?: ParameterValues | undefined;
}

/** A network whose config and tensors match; its weights are not read yet. */
export interface OpenedComponent<Config> {
  readonly config: Config;
  /** Reads the weights. */
  read(): Promise<ModelComponent<Config>>;
}

/**
 * Opens the network `name` of the model in `modelFolder` (for `clip`: the folder itself). Names and shapes are checked
 * against the config. Throws an InputError that names the tensor, what was expected and what was found.
 */
export async function openComponent<Name extends ComponentName>(
  modelFolder: string,
  name: Name,
  { variant, parameters }: LoadComponentOptions = {},
): Promise<OpenedComponent<ComponentConfigs[Name]>> {
  const kind: ComponentKind<ComponentConfigs[Name]> = COMPONENT_KINDS[name];
  const folder = join(modelFolder, kind.folder);
  const configPath = join(folder, 'config.json');
  const config = kind.parse(await readJsonFile(configPath, { maxBytes: MAX_CONFIG_BYTES }), configPath);
  const expected = expectedShapes(kind, config, configPath);
  if (parameters) {
    checkShapes(shapesOf(parameters), expected, { source: `the given weights of ${name}`, configPath });
    return { config, read: async () => ({ config, parameters }) };
  }
  const path = await findWeightsFile(folder, kind, { variant });
  const names = await withTensorFile(path, (file) => {
    const found = namesOf(name, file);
    const shapes = new Map([...found].map(([current, old]) => [current, file.tensors.get(old)!.shape]));
    checkShapes(shapes, expected, { source: path, configPath });
    return found;
  });
  const read = async () => ({
    config,
    parameters: await withTensorFile(path, (file) => readNamedTensors(file, { names, shapes: expected })),
  });
  return { config, read };
}

/** Reads the network `name` of the model in `modelFolder`; the checks and errors are those of `openComponent`. */
export async function loadComponent<Name extends ComponentName>(
  modelFolder: string,
  name: Name,
  options: LoadComponentOptions = {},
): Promise<ModelComponent<ComponentConfigs[Name]>> {
  return (await openComponent(modelFolder, name, options)).read();
}

/**
 * Writes a network into `folder` as diffusers or transformers would. Throws an InputError, before anything is written,
 * when the weights do not fit the config.
 */
export async function saveComponent<Name extends ComponentName>(
  folder: string,
  name: Name,
  { config, parameters }: ModelComponent<ComponentConfigs[Name]>,
  { dtype, metadata }: { dtype: FloatType; metadata?: Readonly<Record<string, string>> },
): Promise<void> {
  const kind: ComponentKind<ComponentConfigs[Name]> = COMPONENT_KINDS[name];
  const configPath = join(folder, 'config.json');
  checkShapes(shapesOf(parameters), expectedShapes(kind, config, configPath), {
    source: `the weights of ${name}`,
    configPath,
  });
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, `${kind.weights}.safetensors`), parameters, {
    dtype,
    ...(metadata && { metadata }),
  });
  await writeJsonFile(configPath, { ...(kind.configJson?.(config) ?? config), ...kind.configHeader });
}

/** Maps the current name of each tensor that the network reads to its name in the file. */
function namesOf(component: ComponentName, { path, tensors }: TensorFile): Map<string, string> {
  const names = new Map<string, string>();
  for (const [old, { dtype }] of tensors) {
    const name = currentName(component, old);
    if (name === undefined) continue;
    if (!isWeightType(dtype))
      throw new InputError(`${path}: tensor ${quote(old)}: expected floating-point weights, got ${dtype}`);
    if (names.has(name))
      throw new InputError(`${path}: expected the tensor ${quote(name)} once, got it in two spellings`);
    names.set(name, old);
  }
  return names;
}
