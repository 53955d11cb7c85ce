/** Distinguishes a single-file checkpoint from a folder. */
import { stat } from 'node:fs/promises';

/** True for a file, which then has to be a single-file checkpoint. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
