/**
 * Reads D_pre (pre-training data) from a folder of captioned pictures, in every format that `heed import images` can
 * read.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { RgbImage } from '@heed/diffusion';
import { atPlace, badInput, InputError } from '../errors.ts';
import { faultOfLine } from '../files/read-text.ts';
import { fitPicture, readPicture } from '../images/index.ts';
import { type ImageList, readImageList } from '../import/index.ts';
import type { PretrainingData } from './pretraining-data.ts';

const MAX_CAPTION_LENGTH = 10_000;
/**
 * Version of the picture decoding, which is part of the cache keys of latents. Increase this version when a change of
 * the code decodes the same file to other pixels.
 */
const READING = 2;

/**
 * Opens all pairs of picture and caption in the folder. Pictures are cropped around their centre and resized to `size`.
 */
export async function openPretrainingFolder(
  folder: string,
  size: { width: number; height: number },
): Promise<PretrainingData> {
  const { images, leftOut, notes } = await readPretrainingList(folder);
  const reads = new Map<string, () => Promise<RgbImage>>();
  const samples = images.map(({ name, path, prompt: caption }) => {
    const key = keyOfFile(path, size);
    reads.set(key, () => readFitted({ name, path }, size));
    return { key, caption };
  });
  // Pictures without a caption count as unreadable.
  const broken = leftOut.map(({ file, reason }) => {
    const key = `left-out-${file}`;
    reads.set(key, () => Promise.reject(new InputError(`${file}: ${reason}`)));
    return { key, caption: '' };
  });
  return { samples: [...samples, ...broken], notes, read: ({ key }) => reads.get(key)!() };
}

/** Reads the list of pairs, without the pairs that are held out for evaluation. Throws when no pair remains. */
export async function readPretrainingList(folder: string): Promise<ImageList<string>> {
  const list = await readImageList(folder, { parsePrompt: parseCaption });
  const images = list.images.filter(({ holdout }) => !holdout);
  const heldOut = list.images.length - images.length;
  if (heldOut === 0) return list;
  if (images.length === 0) throw badInput(`${list.path}: expected pairs to train on, got ${heldOut} that are held out`);
  return { ...list, images, notes: [...list.notes, `pre-training pairs that their list holds out: ${heldOut}`] };
}

function parseCaption(text: string): string {
  if (text === '') throw new InputError('expected a caption, got an empty one');
  const fault = faultOfLine(text, { maxLength: MAX_CAPTION_LENGTH });
  if (fault !== undefined) throw new InputError(`caption: ${fault}`);
  return text;
}

/**
 * The cache key of a file's latents. The key depends on the file's bytes and on the size, so that no stale latents are
 * used.
 */
function keyOfFile(path: string, size: { width: number; height: number }): string {
  const found = statSync(path, { throwIfNoEntry: false });
  const facts = [READING, path, found?.size, found?.mtimeMs, size.width, size.height];
  return `file-${createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 20)}`;
}

async function readFitted(
  { name, path }: { name: string; path: string },
  size: { width: number; height: number },
): Promise<RgbImage> {
  try {
    return await fitPicture(await readPicture(path), size);
  } catch (error) {
    throw atPlace(name, error);
  }
}
