/** D_pre out of a folder of people's own pictures with captions, in every form that `heed import images` takes. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { RgbImage } from '@heed/diffusion';
import { atPlace, badInput, InputError } from '../errors.ts';
import { faultOfLine } from '../files/read-text.ts';
import { fitPicture, readPicture } from '../images/index.ts';
import { type ImageList, readImageList } from '../import/index.ts';
import type { PretrainingData } from './pretraining-data.ts';

const MAX_CAPTION_LENGTH = 10_000;
/** Another number wherever the same file would give other pixels than before: latents are kept by it. */
const READING = 2;

/** All pairs of the folder; pictures are cropped around their centre and brought to `size`. */
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
  // Pictures without a caption count like those that cannot be read.
  const broken = leftOut.map(({ file, reason }) => {
    const key = `left-out-${file}`;
    reads.set(key, () => Promise.reject(new InputError(`${file}: ${reason}`)));
    return { key, caption: '' };
  });
  return { samples: [...samples, ...broken], notes, read: ({ key }) => reads.get(key)!() };
}

/** The pairs of the folder; those whose row holds them out are kept for evaluation. Throws where none is left. */
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

/** Other bytes or another size give another key, so that no stale latents are used. */
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
