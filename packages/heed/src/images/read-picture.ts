/**
 * Reads the pixels of pictures that heed did not generate. Imports, pre-training folders and evaluation references all
 * use this module, so that a file gives the same picture everywhere.
 *
 * - PNG, JPEG and WebP are read; the format is recognised by the file's first bytes. Of an animation, only the first
 *   frame is read.
 * - Pictures are turned upright by their EXIF orientation. Colours are converted to sRGB by the embedded ICC profile.
 *   CMYK without a profile is converted by a common CMYK profile.
 * - 16 bits per channel become 8; grey and palette pictures become RGB; transparent parts become white.
 * - Pictures over 4 megapixels are scaled down to 4 megapixels while they are read.
 * - A truncated picture is refused.
 */
import { open } from 'node:fs/promises';
import type { RgbImage } from '@heed/diffusion';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { InputError } from '../errors.ts';
import { describeFile, pictureFormat } from './picture-format.ts';

/** The largest file that is decoded, in bytes. */
export const MAX_PICTURE_BYTES = 150_000_000;
/** The largest picture that is decoded, in pixels. Pictures of the largest phone cameras have fewer pixels. */
export const MAX_DECODED_PIXELS = 210_000_000;
/** The limit for progressive JPEG and interlaced PNG. Decoders of these formats hold the whole picture in memory. */
export const MAX_INTERLACED_PIXELS = 110_000_000;
/**
 * The largest picture that is stored without scaling down, in pixels: four times 1024 x 1024, the largest image size of
 * the models.
 */
export const MAX_KEPT_PIXELS = 4_194_304;
const MIN_SIDE = 8;
const DECODE_SECONDS = 60;

/** Names of libvips' loaders for the supported formats. */
const LOADERS = ['Png', 'Jpeg', 'Webp'].flatMap((format) =>
  ['File', 'Buffer', 'Source'].map((kind) => `VipsForeignLoad${format}${kind}`),
);

/** A decoded picture file. */
export interface DecodedPicture extends RgbImage {
  /** The picture's original size, upright, if it was scaled down. */
  readonly scaledFrom?: { readonly width: number; readonly height: number };
}

/**
 * Blocks every decoder except PNG, JPEG and WebP for the rest of this process. Commands and servers that read untrusted
 * pictures call this function.
 */
export function blockOtherDecoders(): void {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
}

/**
 * Reads the picture at `path`. For a file that is no picture, throws an `InputError` whose message does not name the
 * file.
 */
export async function readPicture(path: string): Promise<DecodedPicture> {
  return decodePicture(await readPictureFile(path));
}

/**
 * Decodes a picture file's bytes. Unless the bytes are a complete picture, throws an `InputError` whose message does
 * not name the file.
 */
export async function decodePicture(bytes: Buffer): Promise<DecodedPicture> {
  if (bytes.length > MAX_PICTURE_BYTES) {
    throw new InputError(`expected at most ${MAX_PICTURE_BYTES} bytes, got ${bytes.length}`);
  }
  const format = pictureFormat(bytes);
  if (format === undefined) throw new InputError(`expected a PNG, JPEG or WebP picture, got ${describeFile(bytes)}`);
  const input = { limitInputPixels: false, failOn: 'warning' } as const;
  const found = await sharp(bytes, input).metadata().catch(tellFault);
  if (found.format !== format) {
    throw new InputError(`expected a ${format.toUpperCase()} picture, got ${found.format}`);
  }
  checkSize(found);
  const { width, height } = found;
  const kept = keptSize({ width, height });
  const pipeline = sharp(bytes, input);
  if (kept.width < width) pipeline.resize(kept.width, kept.height, { fit: 'fill' });
  const { data } = await pipeline
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .removeAlpha()
    .timeout({ seconds: DECODE_SECONDS })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(tellFault);
  const upright = await turnUpright({ ...kept, data: new Uint8Array(data) }, found.orientation ?? 1);
  if (kept.width === width) return upright;
  return {
    ...upright,
    scaledFrom: isTurned(found.orientation ?? 1) ? { width: height, height: width } : { width, height },
  };
}

/** Reads the bytes of a file. A file above the size limit is refused before it is read. */
export async function readPictureFile(path: string): Promise<Buffer> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new InputError('expected a picture, found no such file');
    throw error;
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new InputError('expected a picture, got something that is no file');
    const { size } = found;
    if (size > MAX_PICTURE_BYTES) throw new InputError(`expected at most ${MAX_PICTURE_BYTES} bytes, got ${size}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function checkSize({ width, height, isProgressive }: Metadata): void {
  if (Math.min(width, height) < MIN_SIDE) {
    throw new InputError(`expected at least ${MIN_SIDE} x ${MIN_SIDE} pixels, got ${width} x ${height}`);
  }
  const [limit, kind] = isProgressive ? [MAX_INTERLACED_PIXELS, ' in an interlaced picture'] : [MAX_DECODED_PIXELS, ''];
  if (width * height > limit) {
    throw new InputError(`expected at most ${limit} pixels${kind}, got ${width} x ${height}`);
  }
}

function keptSize({ width, height }: { width: number; height: number }): { width: number; height: number } {
  const scale = Math.sqrt(MAX_KEPT_PIXELS / (width * height));
  if (scale >= 1) return { width, height };
  return {
    width: Math.max(MIN_SIDE, Math.floor(scale * width)),
    height: Math.max(MIN_SIDE, Math.floor(scale * height)),
  };
}

/** The transforms for EXIF's eight orientations: an optional horizontal mirror first, then a clockwise rotation. */
const TURNS: readonly { readonly flop: boolean; readonly degrees: number }[] = [
  { flop: false, degrees: 0 },
  { flop: true, degrees: 0 },
  { flop: false, degrees: 180 },
  { flop: true, degrees: 180 },
  { flop: true, degrees: 270 },
  { flop: false, degrees: 90 },
  { flop: true, degrees: 90 },
  { flop: false, degrees: 270 },
];

function isTurned(orientation: number): boolean {
  return (TURNS[orientation - 1]?.degrees ?? 0) % 180 !== 0;
}

/**
 * Rotates a picture upright. The rotation runs after scaling down, because the rotation needs the whole picture in
 * memory.
 */
async function turnUpright(image: RgbImage, orientation: number): Promise<RgbImage> {
  const { flop, degrees } = TURNS[orientation - 1] ?? TURNS[0]!;
  const turn = async ({ width, height, data }: RgbImage, how: (picture: Sharp) => Sharp) => {
    const raw = { width, height, channels: 3 } as const;
    const { data: turned, info } = await how(sharp(data, { raw })).raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: new Uint8Array(turned) };
  };
  const mirrored = flop ? await turn(image, (picture) => picture.flop()) : image;
  return degrees === 0 ? mirrored : turn(mirrored, (picture) => picture.rotate(degrees));
}

// libvips' messages have several lines; the first names the fault.
function tellFault(error: unknown): never {
  const first = (error as Error).message.split('\n')[0]!.trim();
  throw new InputError(`expected a whole picture, got: ${first}`);
}
