/** Reads the numbers of chosen tensors of a file at once. */
import type { ParameterValues } from '@heed/autodiff';
import { quote } from '../safetensors/header-json.ts';
import { checkFinite } from '../safetensors/read-safetensors.ts';
import { openTensorFile } from './open-tensor-file.ts';
import type { TensorFile } from './tensor-file.ts';

export interface ReadTensorsOptions {
  only?: ((name: string) => boolean) | undefined;
  allowNonFinite?: boolean | undefined;
}

/**
 * Reads the tensors of the file at `path` that `only` chooses, as float32. Throws an `InputError`: what `openTensorFile`
 * refuses, and a number that is infinite or not a number, unless `allowNonFinite`.
 */
export async function loadTensors(path: string, options: ReadTensorsOptions = {}): Promise<ParameterValues> {
  const file = await openTensorFile(path);
  try {
    return await readTensors(file, options);
  } finally {
    await file.close();
  }
}

/** The same of an open file. */
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
