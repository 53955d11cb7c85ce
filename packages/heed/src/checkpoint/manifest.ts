/**
 * The manifest of a checkpoint: the size and SHA-256 of every file, written last. A folder is a checkpoint only if it
 * contains a manifest and all files match that manifest.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { InputError } from '../errors.ts';

export const MANIFEST_FILE = 'manifest.json';

const Manifest = z.object({
  version: z.literal(1),
  step: z.number().int().nonnegative(),
  files: z.record(z.string(), z.object({ bytes: z.number().int().nonnegative(), sha256: z.string().length(64) })),
});
export type Manifest = z.infer<typeof Manifest>;

/** Hashes every file of `folder`, which has no subfolders, and writes the manifest durably after all other files. */
export async function writeManifest(folder: string, step: number): Promise<Manifest> {
  const files: Manifest['files'] = {};
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name);
    files[name] = { bytes: (await stat(path)).size, sha256: await sha256OfFile(path) };
  }
  const manifest: Manifest = { version: 1, step, files };
  await writeFileAtomically(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Reads the manifest of `folder` and checks every file against it. Throws for the first file that differs. */
export async function verifyManifest(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) {
    throw new InputError(`checkpoint ${folder}: expected a ${MANIFEST_FILE}, found none (it was not finished)`);
  }
  for (const [name, expected] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    const actual = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return undefined;
    });
    if (actual === undefined) throw new InputError(`checkpoint ${folder}: expected the file ${name}, found none`);
    if (actual.size !== expected.bytes) {
      throw new InputError(`checkpoint ${folder}: expected ${expected.bytes} bytes in ${name}, got ${actual.size}`);
    }
    const sha256 = await sha256OfFile(path);
    if (sha256 !== expected.sha256) {
      throw new InputError(`checkpoint ${folder}: expected SHA-256 ${expected.sha256} of ${name}, got ${sha256}`);
    }
  }
  return manifest;
}

/**
 * Reads the manifest of `folder` without checking the files; undefined when the folder has no manifest. Throws an
 * `InputError` for a damaged manifest.
 */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const what = 'a list of files with sizes and hashes';
  return findCheckedJson(join(folder, MANIFEST_FILE), { what, schema: Manifest });
}

/** SHA-256 of a file as hex, read in pieces. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}
