/** Where the pack script reads and writes. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PACKAGES = join(ROOT, 'packages');

/** The folder of a packed package, before it becomes a tarball. */
export function stagedFolder(output: string, name: string): string {
  return join(output, 'staged', name.replace('@heed/', ''));
}
