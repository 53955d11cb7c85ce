/** A list of pictures that are read on demand, and functions that create one. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { RgbImage } from '@heed/diffusion';
import { readAsPillow } from './decode-as-pillow.ts';
import { fitSquare } from './fit-square.ts';

/** Pictures by index. */
export interface Pictures {
  /** Label for progress reports. */
  readonly label: string;
  readonly count: number;
  /** Cache key for the pictures' feature sums. Equal pictures in the same order have equal keys. */
  readonly key: string;
  /** Reads one picture. Throws when the picture cannot be read; the message names the picture. */
  read(index: number): Promise<RgbImage>;
}

/**
 * Makes a list of picture files. The list's key is a hash of the files' names, sizes and modification times, not of the
 * contents.
 */
export async function picturesOfFiles(
  files: readonly string[],
  { label, side }: { label: string; side?: number | undefined },
): Promise<Pictures> {
  const hash = createHash('sha256').update(`${side ?? 'as it is'}\n`);
  for (const file of files) {
    const { size, mtimeMs } = await stat(file);
    hash.update(`${JSON.stringify(file)} ${size} ${mtimeMs}\n`);
  }
  return {
    label,
    count: files.length,
    key: hash.digest('hex'),
    read: async (index) => fitted(await readAsPillow(files[index]!), side),
  };
}

/**
 * Makes a list of pictures in an image store. The list's key is a hash of the ids, which are themselves content hashes.
 */
export function picturesOfStore(
  store: { read(id: string): Promise<RgbImage> },
  ids: readonly string[],
  { label, side }: { label: string; side?: number | undefined },
): Pictures {
  return {
    label,
    count: ids.length,
    key: createHash('sha256')
      .update(JSON.stringify([side, ids]))
      .digest('hex'),
    read: async (index) => fitted(await store.read(ids[index]!), side),
  };
}

function fitted(image: RgbImage, side: number | undefined): RgbImage {
  return side === undefined ? image : fitSquare(image, side);
}

/** Number of pictures that are read concurrently: a few decoders in parallel keep the network busy. */
const READ_AHEAD = 4;

/** Yields the pictures from index `from` on, in order. */
export async function* readInOrder(pictures: Pictures, from: number): AsyncGenerator<RgbImage> {
  const waiting: Promise<RgbImage>[] = [];
  for (let next = from; next < pictures.count || waiting.length > 0; ) {
    while (waiting.length < READ_AHEAD && next < pictures.count) {
      const reading = pictures.read(next);
      // Its fault is told when its turn comes.
      reading.catch(() => undefined);
      waiting.push(reading);
      next += 1;
    }
    yield await waiting.shift()!;
  }
}
