/** The tensors of a safetensors file as `StoredTensor`s. */
import type { FileHandle } from 'node:fs/promises';
import { readHeader } from '../safetensors/header.ts';
import { quote } from '../safetensors/header-json.ts';
import { readStrided } from './strided.ts';
import type { StoredTensor, TensorFile } from './tensor-file.ts';
import { checkLength } from './torch-tensors.ts';

/** Reads and checks the header. Throws an `InputError` that begins with `path`. */
export async function safetensorsTensors(
  file: FileHandle,
  path: string,
): Promise<Pick<TensorFile, 'metadata' | 'tensors'>> {
  const { entries, metadata, dataStart } = await readHeader(file, path);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, begin }] of entries) {
    const source = `${path}: tensor ${quote(name)}`;
    const count = shape.reduce((product, size) => product * size, 1);
    const view = { type: dtype, begin: dataStart + begin, offset: 0, shape: [count], strides: [1] };
    tensors.set(name, {
      dtype,
      shape,
      async read(target = new Float32Array(count)) {
        checkLength(target, count, source);
        await readStrided(file, view, { target, source });
        return target;
      },
    });
  }
  return { metadata, tensors };
}
