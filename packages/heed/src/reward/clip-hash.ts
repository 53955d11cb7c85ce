/** Names the weights of a CLIP folder, so that embeddings and rewards are never mixed between models. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfFile } from '../checkpoint/manifest.ts';
import { badInput } from '../errors.ts';

/** First 16 hex digits of the SHA-256 of the folder's safetensors file. */
export async function clipHashOf(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const weights = names.filter((name) => name.endsWith('.safetensors')).sort()[0];
  if (weights === undefined) throw badInput(`${folder}: expected a CLIP model with a .safetensors file, found none`);
  return (await sha256OfFile(join(folder, weights))).slice(0, 16);
}
