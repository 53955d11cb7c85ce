/** One network of a checkpoint, read from and written to its folder: `config.json` and a safetensors file. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParameterValues, Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import type { ModelComponent } from '../pipeline/components.ts';
import { ENCODERS, type FloatType } from '../safetensors/element-type.ts';
import type { SafetensorsEntry } from '../safetensors/header.ts';
import { quote } from '../safetensors/header-json.ts';
import { readSafetensors, readSafetensorsHeader } from '../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';
import { checkShapes, expectedShapes, shapesOf } from './check-shapes.ts';
import { COMPONENT_KINDS, type ComponentConfigs, type ComponentKind, type ComponentName } from './component-kinds.ts';
import { MAX_CONFIG_BYTES, readJsonFile, writeJsonFile } from './json-file.ts';
import { currentName } from './legacy-names.ts';
import { findWeightsFile } from './weights-file.ts';

export interface LoadComponentOptions {
  /** `fp16` for `*.fp16.safetensors`; by default full precision where it is there, else fp16. */
  variant?: string | undefined;
  /** Weights to use in place of the file's, which is then not read: a network in training. */
  parameters?: ParameterValues | undefined;
}

/** A network whose config and tensors fit together; no weight is read yet. */
export interface OpenedComponent<Config> {
  readonly config: Config;
  /** Reads the weights. */
  read(): Promise<ModelComponent<Config>>;
}

/**
 * Opens the network `name` of the model in `modelFolder` (for `clip`: the folder itself). Names and shapes are checked
 * against the config. Throws an InputError that names the tensor, the expected and the actual.
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
  const path = await findWeightsFile(folder, kind.weights, { variant });
  const { entries } = await readSafetensorsHeader(path);
  checkShapes(renamed(name, entries, path), expected, { source: path, configPath });
  const read = async () => {
    const { tensors } = await readSafetensors(path, { only: (tensor) => currentName(name, tensor) !== undefined });
    const loaded: ParameterValues = new Map();
    for (const [old, { data }] of tensors) {
      const current = currentName(name, old)!;
      loaded.set(current, { shape: expected.get(current)!, data });
    }
    return { config, parameters: loaded };
  };
  return { config, read };
}

/** Reads the network `name` of the model in `modelFolder`; checks and errors as of `openComponent`. */
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

function renamed(
  component: ComponentName,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  path: string,
): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const [old, { shape, dtype }] of entries) {
    const name = currentName(component, old);
    if (name === undefined) continue;
    if (!Object.hasOwn(ENCODERS, dtype))
      throw new InputError(`${path}: tensor ${quote(old)}: expected floating-point weights, got ${dtype}`);
    if (shapes.has(name))
      throw new InputError(`${path}: expected the tensor ${quote(name)} once, got it in two spellings`);
    shapes.set(name, shape);
  }
  return shapes;
}
