/** Compares the files of a folder with recorded sizes and hashes, and names each file that differs. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderHashes } from '../../checkpoint/folder-hashes.ts';
import { sha256OfFile } from '../../checkpoint/manifest.ts';

/** A file that differs, by its path within the folder; `fault` is a sentence without a subject. */
export interface FileFault {
  readonly path: string;
  readonly fault: string;
}

export async function verifyFolder(
  folder: string,
  hashes: FolderHashes,
  { signal, onFile = () => {} }: { signal: AbortSignal; onFile?: (bytes: number) => void },
): Promise<FileFault[]> {
  const faults: FileFault[] = [];
  const owner = new Map(Object.entries(hashes).map(([path, { sha256 }]) => [sha256, path]));
  for (const [path, expected] of Object.entries(hashes)) {
    signal.throwIfAborted();
    const fault = await faultOf(join(folder, path), expected, (sha256) => owner.get(sha256));
    if (fault !== undefined) faults.push({ path, fault });
    onFile(expected.bytes);
  }
  return faults;
}

async function faultOf(
  path: string,
  expected: FolderHashes[string],
  ownerOf: (sha256: string) => string | undefined,
): Promise<string | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!found?.isFile()) return 'expected a file, found none';
  if (found.size < expected.bytes) return `expected ${expected.bytes} bytes, got ${found.size} (is it cut off?)`;
  const sha256 = await sha256OfFile(path);
  if (sha256 === expected.sha256) return undefined;
  const other = ownerOf(sha256);
  if (other !== undefined) return `expected the file that was written, got that of ${other}`;
  return `expected SHA-256 ${expected.sha256}, got ${sha256}`;
}
