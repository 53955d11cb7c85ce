/** Reads chosen tensors of a file into memory. */
import { elementCount, type ParameterValues, type Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { quote } from '../safetensors/header-json.ts';
import { checkFinite } from '../safetensors/read-safetensors.ts';
import { withTensorFile } from './open-tensor-file.ts';
import type { TensorFile } from './tensor-file.ts';

export interface ReadTensorsOptions {
  only?: ((name: string) => boolean) | undefined;
  allowNonFinite?: boolean | undefined;
}

/**
 * Reads the tensors of the file at `path` as float32, or only those whose names `only` accepts. Throws an `InputError`
 * for files that `openTensorFile` refuses. Infinite and NaN values also throw, unless `allowNonFinite`.
 */
export function loadTensors(path: string, options: ReadTensorsOptions = {}): Promise<ParameterValues> {
  return withTensorFile(path, (file) => readTensors(file, options));
}

/**
 * Reads tensors of an open file under heed's names and shapes. `names` maps heed's names to the names in the file. A
 * shape in `shapes` may differ from the shape in the file by axes of size 1. Throws the errors of `loadTensors`, and an
 * `InputError` for a missing tensor.
 */
export async function readNamedTensors(
  { path, tensors }: TensorFile,
  { names, shapes }: { names: ReadonlyMap<string, string>; shapes: ReadonlyMap<string, Shape> },
): Promise<ParameterValues> {
  const values: ParameterValues = new Map();
  for (const [name, shape] of shapes) {
    const source = names.get(name) ?? name;
    const where = `${path}: tensor ${quote(source)}`;
    const tensor = tensors.get(source);
    if (tensor === undefined) throw new InputError(`${where}: expected it in the file, got none`);
    const data = await tensor.read(new Float32Array(elementCount(shape)));
    checkFinite(data, where);
    values.set(name, { shape, data });
  }
  return values;
}

/** Reads tensors of an open file, as `loadTensors` does. */
export async function readTensors(
  { path, tensors }: TensorFile,
  { only, allowNonFinite = false }: ReadTensorsOptions = {},
): Promise<ParameterValues> {
  const values: ParameterValues = new Map();
  for (const [name, tensor] of tensors) {
    if (only && !only(name)) continue;
    const data = await tensor.read();
    if (!allowNonFinite) checkFinite(data, `${path}: tensor ${quote(name)}`);
    values.set(name, { shape: tensor.shape, data });
  }
  return values;
}
