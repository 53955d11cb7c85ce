/** Reads the captions of MS-COCO (`captions_val2014.json`, Lin et al. 2014) and chooses one caption for each image. */
import { readFile, stat } from 'node:fs/promises';
import { createRandom } from '@heed/diffusion/autodiff';
import { badInput } from '../../errors.ts';
import { quote } from '../../text/nearest.ts';

/**
 * The size limit of a captions file in bytes; captions_val2014.json has 32 MB and captions_train2014.json has 67 MB.
 */
const MAX_BYTES = 512 * 1024 * 1024;

/** An image of MS-COCO and all its captions. */
export interface CocoImage {
  readonly id: number;
  /** The image's file name in the folder of images. */
  readonly file: string;
  readonly captions: readonly string[];
}

/** An image with the caption that was chosen for it. */
export interface CaptionedImage {
  readonly id: number;
  readonly file: string;
  readonly caption: string;
}

/**
 * Reads a captions file. Images are sorted by id; images without a caption are left out. Throws when the file contains
 * no MS-COCO captions.
 */
export async function readCocoCaptions(path: string): Promise<CocoImage[]> {
  const { images, annotations } = await readLists(path);
  const byId = new Map<number, { id: number; file: string; captions: string[] }>();
  for (const [index, { id, file_name: file }] of images.entries()) {
    if (!Number.isSafeInteger(id) || typeof file !== 'string' || !isPlainName(file)) {
      throw badInput(
        `${path}: images[${index}]: expected an id and a plain file_name, got ${shown(id)} and ${shown(file)}`,
      );
    }
    if (byId.has(id as number))
      throw badInput(`${path}: images[${index}]: expected each id once, got ${shown(id)} again`);
    byId.set(id as number, { id: id as number, file, captions: [] });
  }
  for (const [index, { image_id: id, caption }] of annotations.entries()) {
    const image = byId.get(id as number);
    if (image === undefined || typeof caption !== 'string') {
      throw badInput(
        `${path}: annotations[${index}]: expected the image_id of an image and a caption, got ${shown(id)} and ${shown(caption)}`,
      );
    }
    // Some captions end in a line break.
    const text = caption.replace(/\s+/g, ' ').trim();
    if (text !== '') image.captions.push(text);
  }
  const found = [...byId.values()].filter(({ captions }) => captions.length > 0).sort((a, b) => a.id - b.id);
  if (found.length === 0) throw badInput(`${path}: expected images with captions, got none`);
  return found;
}

/**
 * Chooses one caption at random for each of the first `count` images in order of id (all images by default), as the
 * paper does. The choice depends only on the seed and the image's id, so a larger `count` keeps the captions of a
 * smaller one.
 */
export function chooseCaptions(
  images: readonly CocoImage[],
  { seed, count = images.length }: { seed: number; count?: number | undefined },
): CaptionedImage[] {
  const random = createRandom(seed).fork('COCO captions');
  const drawn = images.map(({ id, file, captions }) => {
    const own = random.fork(String(id));
    return { id, file, caption: captions[own.integer(captions.length)]!, order: own.uniform() };
  });
  const chosen = [...drawn].sort((a, b) => a.order - b.order || a.id - b.id).slice(0, count);
  return chosen.sort((a, b) => a.id - b.id).map(({ id, file, caption }) => ({ id, file, caption }));
}

type Listed = Readonly<Record<string, unknown>>;

async function readLists(path: string): Promise<{ images: Listed[]; annotations: Listed[] }> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile())
    throw badInput(`${path}: expected a captions file of MS-COCO, got ${found ? 'a folder' : 'nothing there'}`);
  if (found.size > MAX_BYTES) throw badInput(`${path}: expected at most ${MAX_BYTES} bytes, got ${found.size}`);
  const value = parseJson(await readFile(path, 'utf8'), path) as Partial<Record<string, unknown>> | null;
  const [images, annotations] = ['images', 'annotations'].map((name) => {
    const list = typeof value === 'object' ? value?.[name] : undefined;
    if (Array.isArray(list) && list.every((item) => typeof item === 'object' && item !== null)) return list as Listed[];
    throw badInput(`${path}: expected a list ${quote(name)}, as captions_val2014.json has it, got none`);
  });
  return { images: images!, annotations: annotations! };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput(`${path}: expected JSON, got something else`);
  }
}

/** Whether a file name is a plain name, so that a path made of a folder and this name stays inside the folder. */
function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[\\/:\0]/.test(name);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quote(value.slice(0, 80));
  return typeof value === 'number' ? String(value) : value === undefined ? 'nothing' : `a ${typeof value}`;
}
