/**
 * The hashes of a model's files, in `hashes.json` in the model's folder. heed writes the hashes last, and `heed doctor
 * --verify` compares them with the files. Other programs ignore `hashes.json`.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import { sha256OfFile } from './manifest.ts';

export const HASHES_FILE = 'hashes.json';

const hashesSchema = z.object({
  version: z.literal(1),
  /** Hashes by path within the folder, with slashes. */
  files: z.record(
    z.string().refine((path) => path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')),
    z.object({ bytes: z.int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});

/** Size and SHA-256 of each file. */
export type FolderHashes = z.output<typeof hashesSchema>['files'];

/** Hashes all files of `folder` and writes the hashes durably. */
export async function writeFolderHashes(
  folder: string,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const files: FolderHashes = {};
  for (const path of await listFiles(folder)) {
    options.signal?.throwIfAborted();
    const full = join(folder, path);
    files[path] = { bytes: (await stat(full)).size, sha256: await sha256OfFile(full) };
  }
  await writeFileAtomically(join(folder, HASHES_FILE), `${JSON.stringify({ version: 1, files }, null, 2)}\n`);
}

/** The recorded hashes of `folder`; undefined when none are recorded. Throws an `InputError` for a damaged record. */
export async function readFolderHashes(folder: string): Promise<FolderHashes | undefined> {
  const what = "the hashes of a model's files";
  return (await findCheckedJson(join(folder, HASHES_FILE), { what, schema: hashesSchema }))?.files;
}

/** Sorted paths of all files, except `hashes.json` and unfinished files (`.tmp`). */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== HASHES_FILE && !path.endsWith('.tmp'))
    .sort();
}
