/** Weights that are split over several files, with an index that tells which tensor is in which (`*.index.json`). */
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readCheckedJson } from '../checkpoint/checked-json.ts';
import { InputError } from '../errors.ts';
import { quote } from '../safetensors/header-json.ts';
import { openWholeFile } from './open-whole-file.ts';
import type { StoredTensor, TensorFile } from './tensor-file.ts';

const MAX_SHARDS = 256;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Opens all files that the index at `path` names, which must lie beside it. Throws an InputError: a damaged index, a file that
 * is missing or damaged, a tensor that is not where the index says.
 */
export async function openShards(path: string): Promise<TensorFile> {
  const { weight_map: places } = await readCheckedJson(path, { what: 'an index of weights', schema: indexSchema });
  const names = new Set(Object.values(places));
  if (names.size === 0 || names.size > MAX_SHARDS)
    throw new InputError(`${path}: expected an index of 1 to ${MAX_SHARDS} files, got ${names.size}`);
  const shards = new Map<string, TensorFile>();
  const close = async () => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    for (const name of names) {
      if (basename(name) !== name || name === '' || name.includes('\\'))
        throw new InputError(`${path}: expected names of files beside it, got ${quote(name)}`);
      shards.set(name, await openWholeFile(join(dirname(path), name)));
    }
    const tensors = new Map<string, StoredTensor>();
    for (const [tensor, name] of Object.entries(places)) {
      const found = shards.get(name)!.tensors.get(tensor);
      if (found === undefined)
        throw new InputError(`${path}: expected the tensor ${quote(tensor)} in ${name} as it says, got none`);
      tensors.set(tensor, found);
    }
    return { path, metadata: [...shards.values()][0]!.metadata, tensors, close };
  } catch (error) {
    await close();
    throw error;
  }
}
