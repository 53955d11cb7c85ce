/**
 * ONNX Runtime looks for its CUDA provider in the folder that its library was loaded from. This module makes a folder
 * with links to heed's ONNX Runtime library and to the CUDA provider from another package. Neither package is changed.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import type { CudaSite } from './site.ts';

/**
 * Returns the path of a link to `library`, in a folder that also has links to the CUDA provider's files. Several
 * processes may create the folder at the same time.
 */
export function linkRuntime(
  library: string,
  { providers }: CudaSite,
  cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'heed', 'cuda'),
): string {
  const files = [library, ...providers];
  const name = createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 16);
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  for (const file of files) link(file, join(folder, basename(file)));
  return join(folder, basename(library));
}

function link(target: string, path: string): void {
  if (linkTarget(path) === target) return;
  // Another process sees the old link or the new one.
  const draft = `${path}.${process.pid}`;
  rmSync(draft, { force: true });
  symlinkSync(target, draft);
  renameSync(draft, path);
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
