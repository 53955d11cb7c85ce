/** A single-file model, identified for other programs by file name and SHA-256. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isFile } from '@heed/diffusion';
import type { ModelFile } from '../images/parameters.ts';

/** Describes the single-file checkpoint at `path`; undefined for a folder. Reads the whole file. */
export async function modelFileOf(path: string, signal?: AbortSignal): Promise<ModelFile | undefined> {
  if (!(await isFile(path))) return undefined;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, signal === undefined ? {} : { signal });
  return { fileName: basename(path), sha256: hash.digest('hex') };
}
