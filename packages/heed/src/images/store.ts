/**
 * The images of a project: PNGs named by their id (`image-id.ts`), and index.jsonl with one record a line. Records
 * never change; setting an image aside or deleting it adds an event (`image-events.ts`). Only one process at a time may
 * add images (each command takes a lock first); any number of processes may read.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RgbImage } from '@heed/diffusion';
import { writeFileAtomically } from '@heed/diffusion/files';
import { badInput } from '../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../files/json-lines.ts';
import { quote } from '../text/nearest.ts';
import { imageStates } from './image-events.ts';
import { imageId } from './image-id.ts';
import { formatParameters, type ModelFile } from './parameters.ts';
import { decodePng, encodePng, type PngTexts } from './png.ts';
import { formatRecipe, formatSource } from './recipe-text.ts';
import { type ImageRecipe, type ImageRecord, parseImageRecord, pixelKey } from './record.ts';

/** File name of the index in the store's folder. */
export const IMAGE_INDEX_FILE = 'index.jsonl';

export interface ImageStore {
  readonly folder: string;
  /**
   * Writes the PNG if it is new and records it. When the recipe's set already has an image of this recipe, nothing is
   * added. `modelFile` goes into the PNG text that other programs read.
   */
  add(image: RgbImage, recipe: ImageRecipe, options?: { modelFile?: ModelFile | undefined }): Promise<ImageRecord>;
  /** Finds the image of this recipe in the recipe's set. */
  find(recipe: ImageRecipe): ImageRecord | undefined;
  /**
   * Like `find`, but also reuses an image with the same pixels from another set. That image is then recorded for this
   * set too, and is not generated again.
   */
  adopt(recipe: ImageRecipe): Promise<ImageRecord | undefined>;
  /**
   * Records an image from another index. Returns false when the record's set already has an image of the same recipe in
   * this store.
   */
  takeIn(record: ImageRecord): Promise<boolean>;
  /**
   * The records of all images, or of one set, in the order of addition. Set-aside and deleted images are included only
   * with `isWhole`.
   */
  all(options?: { set?: string; isWhole?: boolean }): ImageRecord[];
  /** Whether the image is neither set aside nor deleted. */
  stands(id: string): boolean;
  /** Returns the record of the image with this id; throws when there is no such image. */
  get(id: string): ImageRecord;
  has(id: string): boolean;
  /** Reads an image's pixels. Throws when the image's file is missing or was changed. */
  read(id: string): Promise<RgbImage>;
  /** Reads an image's PNG from disk and checks it against the id. */
  readPng(id: string): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** The file in which one shard of a generation run records images. */
export interface ShardIndex {
  /** Path of the file that gets new records in place of the index. */
  readonly path: string;
  /** Records that other attempts of the same generation run wrote. */
  readonly records: readonly ImageRecord[];
}

/** Opens the store in `folder`, which need not exist yet. An incomplete last line of the index is ignored. */
export function createImageStore(folder: string, options: { shard?: ShardIndex } = {}): ImageStore {
  const { shard } = options;
  const indexPath = join(folder, IMAGE_INDEX_FILE);
  const records = [...readJsonLines(indexPath, parseImageRecord).records, ...(shard?.records ?? [])];
  const states = imageStates(folder);
  const writer = createJsonLinesWriter(shard?.path ?? indexPath, { sums: shard === undefined });
  const byId = new Map<string, ImageRecord>();
  const byPixels = new Map<string, ImageRecord[]>();
  const remember = (record: ImageRecord) => {
    if (!byId.has(record.id)) byId.set(record.id, record);
    const key = pixelKey(record);
    const same = byPixels.get(key);
    if (same) same.push(record);
    else byPixels.set(key, [record]);
  };
  records.forEach(remember);

  const find = (recipe: ImageRecipe) => byPixels.get(pixelKey(recipe))?.find(({ set }) => set === recipe.set);
  const record = async (entry: ImageRecord) => {
    await writer.append([entry]);
    records.push(entry);
    remember(entry);
    return entry;
  };
  const get = (id: string) => {
    const found = byId.get(id);
    if (!found) throw badInput(`image must be one of ${indexPath}, there is no ${quote(id)}`);
    return found;
  };
  const readPng = async (id: string) => {
    const path = join(folder, get(id).file);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw badInput(`${path}: expected the image of the index, found no such file`);
      throw error;
    });
    const found = imageId(bytes);
    if (found !== id) throw badInput(`${path}: expected the image with hash ${id}, got ${found}`);
    return bytes;
  };

  return {
    folder,
    find,
    get,
    readPng,
    has: (id) => byId.has(id),
    stands: (id) => !states.has(id),
    all: ({ set, isWhole = false } = {}) =>
      records.filter((entry) => (set === undefined || entry.set === set) && (isWhole || !states.has(entry.id))),
    async add(image, recipe, { modelFile } = {}) {
      const existing = find(recipe);
      if (existing) return existing;
      const { width, height } = image;
      const png = encodePng(image, textsOf(recipe, { width, height, modelFile }));
      const id = imageId(png);
      const file = `${id.slice(0, 2)}/${id}.png`;
      await writeOnce(join(folder, file), png);
      return record({ id, file, width, height, ...recipe });
    },
    async adopt(recipe) {
      const existing = find(recipe);
      if (existing) return existing;
      const twin = byPixels.get(pixelKey(recipe))?.find(({ file }) => existsSync(join(folder, file)));
      if (!twin) return undefined;
      const { id, file, width, height } = twin;
      return record({ id, file, width, height, ...recipe });
    },
    async takeIn(entry) {
      if (find(entry)) return false;
      await record(entry);
      return true;
    },
    async read(id) {
      const { width, height, data } = decodePng(await readPng(id));
      return { width, height, data };
    },
    close: () => writer.close(),
  };
}

/** The text chunks of an image. For an imported image, the text for other programs contains only the prompt. */
function textsOf(
  recipe: ImageRecipe,
  { modelFile, ...size }: { width: number; height: number; modelFile: ModelFile | undefined },
): PngTexts {
  if (recipe.source) return { parameters: recipe.prompt, recipe: formatSource(recipe, recipe.source) };
  const written = { ...recipe, ...size };
  return { parameters: formatParameters(written, { modelFile }), recipe: formatRecipe(written) };
}

async function writeOnce(path: string, content: Uint8Array): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomically(path, content, { durable: false });
}
