/**
 * D_pre: pairs like those the base model was trained on. Either the emoji world's own stream, or a folder of images with
 * a `metadata.jsonl` (Hugging Face's imagefolder layout). Pixels are read once, to be encoded; captions are kept.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve } from 'node:path';
import type { RgbImage } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import sharp from 'sharp';
import { z } from 'zod';
import { WORLD_PRETRAINING } from '../config/index.ts';
import { badInput, InputError } from '../errors.ts';
import { readJsonRows } from '../files/read-json-lines.ts';
import type { World } from '../ports.ts';
import type { PretrainingSample } from './batches.ts';

const METADATA_FILE = 'metadata.jsonl';
const MAX_PIXELS = 16_000_000;
const MAX_FILE_BYTES = 50_000_000;

/** A finite set of pre-training pairs. */
export interface PretrainingData {
  samples: PretrainingSample[];
  /** The picture of a sample; throws a sentence that names the file where it cannot be read. */
  read(sample: PretrainingSample): Promise<RgbImage>;
}

/** Opens the set that `source` names: 'emoji-world' for `count` pairs of the project's world, or a folder with all of its pairs. */
export async function openPretrainingData(options: {
  world: World;
  source: string;
  count: number;
  seed: number;
  /** Width and height that pictures are brought to. */
  size: { width: number; height: number };
}): Promise<PretrainingData> {
  const { world, source, count, seed, size } = options;
  return source === WORLD_PRETRAINING ? worldData(world, { count, seed, size }) : folderData(source, size);
}

async function worldData(
  world: World,
  { count, seed, size }: { count: number; seed: number; size: { width: number; height: number } },
): Promise<PretrainingData> {
  if (world.openPretraining === undefined) {
    throw badInput(
      'tune.pretraining: expected a folder of images with metadata.jsonl, got none; a weight of 0 (tune.beta, or pretrainingWeight of another method) tunes without pre-training pairs',
    );
  }
  // A seed of its own: what fidelity is measured against must not be what was trained on.
  const streamSeed = createRandom(seed)
    .fork('D_pre')
    .integer(2 ** 31);
  const stream = await world.openPretraining({ seed: streamSeed });
  const first = stream.at(0).image;
  if (first.width !== size.width || first.height !== size.height) {
    throw badInput(
      `pre-training data: expected pictures of ${size.width} x ${size.height}, the model's size, but those of the world '${world.name}' have ${first.width} x ${first.height}`,
    );
  }
  const indexOf = new Map<string, number>();
  const samples = Array.from({ length: count }, (_, index) => {
    const key = `world-${streamSeed}-${index}`;
    indexOf.set(key, index);
    return { key, caption: stream.at(index).caption };
  });
  return { samples, read: async ({ key }) => stream.at(indexOf.get(key)!).image };
}

const row = z.object({ file_name: z.string().min(1), text: z.string().optional(), caption: z.string().optional() });

async function folderData(folder: string, size: { width: number; height: number }): Promise<PretrainingData> {
  const metadata = join(folder, METADATA_FILE);
  if (!existsSync(metadata)) {
    throw badInput(
      `${metadata}: expected a line {"file_name", "text"} for each pre-training image, found no such file`,
    );
  }
  const records = await readJsonRows(metadata, {
    what: 'a list of images',
    parseRow({ value }) {
      const parsed = row.safeParse(value);
      const caption = parsed.data?.text ?? parsed.data?.caption;
      if (!parsed.success || caption === undefined)
        throw new InputError('expected file_name and text, got something else');
      checkInside(folder, parsed.data.file_name);
      return { file: parsed.data.file_name, caption };
    },
  });
  if (records.length === 0) throw badInput(`${metadata}: expected at least one pre-training image, got none`);
  const files = new Map<string, string>();
  const samples = records.map(({ file, caption }) => {
    const path = join(folder, file);
    const key = keyOfFile(path, size);
    files.set(key, path);
    return { key, caption };
  });
  return { samples, read: ({ key }) => readPicture(files.get(key)!, size) };
}

/** Other bytes or another size give another key, so that no stale latents are used. */
function keyOfFile(path: string, size: { width: number; height: number }): string {
  const found = statSync(path, { throwIfNoEntry: false });
  const facts = [path, found?.size, found?.mtimeMs, size.width, size.height];
  return `file-${createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 20)}`;
}

function checkInside(folder: string, name: string): void {
  const path = relative(folder, resolve(folder, name));
  if (isAbsolute(name) || path.startsWith('..') || isAbsolute(path)) {
    throw new InputError(`expected a file inside the folder, got ${JSON.stringify(name)}`);
  }
}

/** Cropped around the centre and resized; formats other than PNG, JPEG and WebP, and huge pictures, are refused. */
async function readPicture(path: string, { width, height }: { width: number; height: number }): Promise<RgbImage> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') {
      throw new InputError(`${path}: expected a picture, found no such file`);
    }
    throw error;
  });
  try {
    if (bytes.length > MAX_FILE_BYTES) throw new InputError(`${bytes.length} bytes`);
    checkFormat(bytes);
    const { data } = await sharp(bytes, { limitInputPixels: MAX_PIXELS })
      .resize(width, height, { fit: 'cover' })
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width, height, data: new Uint8Array(data) };
  } catch (error) {
    throw new InputError(`${path}: expected a whole PNG, JPEG or WebP picture, got: ${(error as Error).message}`);
  }
}

function checkFormat(bytes: Buffer): void {
  if (bytes.length < 12) throw new InputError(`${bytes.length} bytes`);
  const isPng = bytes.readUInt32BE(0) === 0x89504e47;
  const isJpeg = bytes.readUInt16BE(0) === 0xffd8;
  const isWebp = bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP';
  if (!isPng && !isJpeg && !isWebp) throw new InputError('other bytes');
}
