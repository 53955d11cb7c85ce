/** Weights that are split over several files, with an index that maps each tensor to its file (`*.index.json`). */
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readCheckedJson } from '../checkpoint/checked-json.ts';
import { InputError } from '../errors.ts';
import { quote } from '../safetensors/header-json.ts';
import { openWholeFile } from './open-whole-file.ts';
import type { StoredTensor, TensorFile } from './tensor-file.ts';

const MAX_SHARDS = 256;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** The paths of the files that the index at `path` names, each once. Throws an InputError for a damaged index. */
export async function shardPaths(path: string): Promise<string[]> {
  const { names } = await readIndex(path);
  return names.map((name) => join(dirname(path), name));
}

async function readIndex(path: string): Promise<{ places: Record<string, string>; names: string[] }> {
  const { weight_map: places } = await readCheckedJson(path, { what: 'an index of weights', schema: indexSchema });
  const names = [...new Set(Object.values(places))].sort();
  if (names.length === 0 || names.length > MAX_SHARDS)
    throw new InputError(`${path}: expected an index of 1 to ${MAX_SHARDS} files, got ${names.length}`);
  const outside = names.find((name) => !/^\w[^/\\:\0]*$/.test(name));
  if (outside !== undefined) throw new InputError(`${path}: expected names of files beside it, got ${quote(outside)}`);
  return { places, names };
}

/**
 * Opens all files that the index at `path` names, which must lie beside it. Throws an InputError for a damaged index, a
 * missing or damaged file, or a tensor that is not in the file that the index names.
 */
export async function openShards(path: string): Promise<TensorFile> {
  const { places, names } = await readIndex(path);
  const shards = new Map<string, TensorFile>();
  const close = async () => {
    for (const shard of shards.values()) await shard.close();
  };
  try {
    for (const name of names) shards.set(name, await openWholeFile(join(dirname(path), name)));
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
