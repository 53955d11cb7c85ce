/** Finds a component's weights: which file of a folder, and why not when there is none that may be opened. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../errors.ts';

const PICKLED = ['.bin', '.ckpt', '.pt', '.pth', '.pkl'];

/**
 * The path of `<weights>.safetensors` in `folder`, or of `<weights>.<variant>.safetensors`: the asked variant, else full
 * precision, else half. Throws one sentence when there is none, naming what is there instead.
 */
export async function findWeightsFile(
  folder: string,
  weights: string,
  { variant }: { variant?: string | undefined } = {},
): Promise<string> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `${folder}: expected a folder with ${weights}.safetensors, got ${error.code === 'ENOENT' ? 'nothing there' : error.code}`,
    );
  });
  const wanted =
    variant === undefined
      ? [`${weights}.safetensors`, `${weights}.fp16.safetensors`]
      : [`${weights}.${variant}.safetensors`];
  const found = wanted.find((name) => names.includes(name));
  if (found !== undefined) return join(folder, found);
  throw new InputError(`${folder}: expected ${wanted.join(' or ')}, got ${describeInstead(names)}`);
}

function describeInstead(names: readonly string[]): string {
  const pickled = names.find((name) => PICKLED.some((ending) => name.endsWith(ending)));
  const others = names.filter((name) => name.includes('safetensors')).sort();
  if (others.some((name) => name.endsWith('.index.json')))
    return 'weights split over several files, which is not supported';
  if (others.length > 0) return others.slice(0, 4).join(', ');
  if (pickled !== undefined) {
    return `${pickled}, pickled weights, which can run code and are never opened (in Python: load the model with diffusers or transformers, then save_pretrained(folder, safe_serialization=True))`;
  }
  return 'no weights';
}
