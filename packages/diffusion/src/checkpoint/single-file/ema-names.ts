/**
 * The EMA copy of a U-Net in a checkpoint of the original code: `LitEma` drops the dots of each name and puts
 * `model_ema.` before.
 */
import { InputError } from '../../errors.ts';
import { quote } from '../../safetensors/header-json.ts';
import type { TensorFile } from '../../tensor-file/tensor-file.ts';

const PREFIX = 'model_ema.';
/** Beside the weights: by how much the average decays, and how often it was updated. */
const COUNTERS: ReadonlySet<string> = new Set([`${PREFIX}decay`, `${PREFIX}num_updates`]);

/** True where the file holds EMA weights. */
export function hasEma({ tensors }: Pick<TensorFile, 'tensors'>): boolean {
  return [...tensors.keys()].some((name) => name.startsWith(PREFIX) && !COUNTERS.has(name));
}

/**
 * The names of the EMA copies of `names`, which are in the file. Throws an InputError where the file has none, or lacks
 * one.
 */
export function emaNames(
  names: ReadonlyMap<string, string>,
  { path, tensors }: Pick<TensorFile, 'path' | 'tensors'>,
): Map<string, string> {
  if (!hasEma({ tensors })) throw new InputError(`${path}: expected EMA weights (${PREFIX}*), got a file without`);
  const copies = new Map<string, string>();
  for (const [name, original] of names) {
    const copy = PREFIX + original.replace(/^model\./, '').replaceAll('.', '');
    const [wanted, found] = [tensors.get(original)!.shape, tensors.get(copy)?.shape];
    if (found === undefined || found.join() !== wanted.join()) {
      const got = found === undefined ? 'none' : `[${found.join(', ')}]`;
      throw new InputError(`${path}: expected a tensor ${quote(copy)} [${wanted.join(', ')}], got ${got}`);
    }
    copies.set(name, copy);
  }
  return copies;
}
