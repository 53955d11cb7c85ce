/** Opens weights in any supported form: one file, or a shard index. */
import { isShardIndex } from '../checkpoint/weights-names.ts';
import { openWholeFile } from './open-whole-file.ts';
import { openShards } from './sharded.ts';
import type { TensorFile } from './tensor-file.ts';

/**
 * Opens the weights at `path`: a safetensors file, a file written by torch.save, or an index of such files. The file's
 * content decides the format. Names, types, shapes and places of all tensors are checked; no numbers are read. Pickles
 * are read as data by an allow-list, and nothing in them is run. Throws an `InputError` for a missing, damaged or
 * unsupported file, and for one that refers to anything but tensors and plain data.
 */
export function openTensorFile(path: string): Promise<TensorFile> {
  return isShardIndex(path) ? openShards(path) : openWholeFile(path);
}

/** Opens the weights at `path` for `work` and closes the files when `work` ends. Errors as of `openTensorFile`. */
export async function withTensorFile<Result>(
  path: string,
  work: (file: TensorFile) => Result | Promise<Result>,
): Promise<Result> {
  const file = await openTensorFile(path);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
