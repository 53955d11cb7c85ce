/** The one file that a model is, as other programs know it: by its name and the SHA-256 of its bytes. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isFile } from '@heed/diffusion';
import type { ModelFile } from '../images/parameters.ts';

/** Of a single-file checkpoint at `path`; undefined for a folder. Reads the whole file. */
export async function modelFileOf(path: string, signal?: AbortSignal): Promise<ModelFile | undefined> {
  if (!(await isFile(path))) return undefined;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, signal === undefined ? {} : { signal });
  return { fileName: basename(path), sha256: hash.digest('hex') };
}
