/** A hash of a CLIP folder's weights, so that embeddings and rewards of different models are never mixed. */
import { createHash } from 'node:crypto';
import { componentWeights } from '@heed/diffusion';
import { sha256OfFile } from '../checkpoint/manifest.ts';

/** First 16 hex digits of the SHA-256 of the folder's weights, or of the hashes of its weight shards. */
export async function clipHashOf(folder: string): Promise<string> {
  const hashes: string[] = [];
  for (const path of await componentWeights(folder, 'clip')) hashes.push(await sha256OfFile(path));
  const [hash] = hashes.length === 1 ? hashes : [createHash('sha256').update(hashes.join('')).digest('hex')];
  return hash!.slice(0, 16);
}
