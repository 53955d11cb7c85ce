/** Finds the weights file of a component in a folder, or explains why there is none that heed can read. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.ts';
import { shardPaths } from '../tensor-file/sharded.ts';
import { COMPONENT_KINDS, type ComponentName } from './component-kinds.ts';
import { isShardIndex, type WeightsNames, weightsFileNames } from './weights-names.ts';

/**
 * Returns the path of the weights file or shard index in `folder`. safetensors files are preferred to PyTorch's files,
 * and the requested variant to full precision and fp16. Throws an InputError when the folder has no readable weights;
 * the message names the files found.
 */
export async function findWeightsFile(
  folder: string,
  names: WeightsNames,
  { variant }: { variant?: string | undefined } = {},
): Promise<string> {
  const wanted = weightsFileNames(names, variant);
  const [whole, bin] = [wanted[0], wanted.find((name) => name.endsWith('.bin'))];
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    const got = error.code === 'ENOENT' ? 'nothing there' : error.code;
    throw new InputError(`${folder}: expected a folder with ${whole}, got ${got}`);
  });
  const name = wanted.find((one) => found.includes(one));
  if (name !== undefined) return join(folder, name);
  throw new InputError(`${folder}: expected ${whole} or ${bin}, got ${describeInstead(found)}`);
}

/**
 * Returns the paths of the files with the weights of network `name`, for the model in `modelFolder`, in a fixed order.
 * Throws as `findWeightsFile` does.
 */
export async function componentWeights(modelFolder: string, name: ComponentName): Promise<string[]> {
  const kind = COMPONENT_KINDS[name];
  const path = await findWeightsFile(join(modelFolder, kind.folder), kind);
  return isShardIndex(path) ? shardPaths(path) : [path];
}

function describeInstead(names: readonly string[]): string {
  const weights = names.filter((name) => /\.(safetensors|bin|ckpt|pth?|msgpack|h5|onnx)\b/.test(name)).sort();
  return weights.length > 0 ? weights.slice(0, 4).join(', ') : 'no weights';
}
