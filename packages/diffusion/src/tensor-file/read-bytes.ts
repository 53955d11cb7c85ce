/** Reads byte ranges of an open file. */
import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../errors.ts';

/**
 * Fills `target` from `position`. Throws an `InputError` when the file ends too early; the message begins with
 * `source`.
 */
export async function readBytes(
  file: FileHandle,
  target: Uint8Array,
  { position, source }: { position: number; source: string },
): Promise<void> {
  for (let filled = 0; filled < target.length; ) {
    const { bytesRead } = await file.read(target, filled, target.length - filled, position + filled);
    if (bytesRead === 0) {
      throw new InputError(
        `${source}: expected ${target.length} bytes at ${position}, got the end of the file after ${filled}`,
      );
    }
    filled += bytesRead;
  }
}
