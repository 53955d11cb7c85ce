/**
 * The EMA copy of a U-Net in a checkpoint of the original code, whose `LitEma` removes the dots from each name and
 * prepends `model_ema.`.
 */
import { InputError } from '../../errors.ts';
import { quote } from '../../safetensors/header-json.ts';
import type { TensorFile } from '../../tensor-file/tensor-file.ts';

const PREFIX = 'model_ema.';
/** Tensors under the same prefix that are not weights: the EMA's decay and number of updates. */
const COUNTERS: ReadonlySet<string> = new Set([`${PREFIX}decay`, `${PREFIX}num_updates`]);

/** Whether the file has EMA weights. */
export function hasEma({ tensors }: Pick<TensorFile, 'tensors'>): boolean {
  return [...tensors.keys()].some((name) => name.startsWith(PREFIX) && !COUNTERS.has(name));
}

/**
 * Maps each parameter in `names` to the name of its EMA copy in the file. Throws an InputError when an EMA tensor is
 * missing.
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
