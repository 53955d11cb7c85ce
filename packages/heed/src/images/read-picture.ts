/**
 * Pictures that heed did not draw, as pixels: PNG, JPEG and WebP, told by their first bytes and by nothing else (no name,
 * no MIME type), small enough in bytes and pixels, decoded whole. What comes out is plain 8-bit RGB: nothing of the file
 * but its pixels is taken over.
 */
import { open } from 'node:fs/promises';
import type { RgbImage } from '@heed/diffusion';
import sharp from 'sharp';
import { InputError } from '../errors.ts';
import { MAX_PIXELS } from './png.ts';

/** The longest file that is decoded. */
export const MAX_PICTURE_BYTES = 10_000_000;
const MIN_SIDE = 8;
const DECODE_SECONDS = 20;

const FORMATS = {
  png: (bytes: Buffer) => bytes.toString('latin1', 0, 8) === '\x89PNG\r\n\x1a\n',
  jpeg: (bytes: Buffer) => bytes.toString('latin1', 0, 3) === '\xff\xd8\xff',
  webp: (bytes: Buffer) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
} as const;

/** Names the loaders of libvips that this process may use from now on. */
const LOADERS = ['Png', 'Jpeg', 'Webp'].flatMap((format) =>
  ['File', 'Buffer', 'Source'].map((kind) => `VipsForeignLoad${format}${kind}`),
);

/**
 * Blocks every decoder but those of PNG, JPEG and WebP for the rest of this process: for commands and servers that take
 * pictures from others and decode nothing else.
 */
export function blockOtherDecoders(): void {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
}

/** The pixels of a picture file's bytes; throws "expected ..., got ..." where they are none of the three formats or not whole. */
export async function decodePicture(bytes: Buffer): Promise<RgbImage> {
  if (bytes.length > MAX_PICTURE_BYTES) {
    throw new InputError(`expected at most ${MAX_PICTURE_BYTES} bytes, got ${bytes.length}`);
  }
  const format = Object.entries(FORMATS).find(([, isIt]) => isIt(bytes))?.[0];
  if (format === undefined) throw new InputError(`expected a PNG, JPEG or WebP picture, got ${describeOther(bytes)}`);
  const input = { limitInputPixels: MAX_PIXELS, failOn: 'warning' } as const;
  const found = await sharp(bytes, input).metadata().catch(tellFault);
  if (found.format !== format) throw new InputError(`expected a ${format.toUpperCase()} picture, got ${found.format}`);
  if (Math.min(found.width, found.height) < MIN_SIDE) {
    throw new InputError(`expected at least ${MIN_SIDE} x ${MIN_SIDE} pixels, got ${found.width} x ${found.height}`);
  }
  const { data, info } = await sharp(bytes, input)
    .autoOrient()
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .removeAlpha()
    .timeout({ seconds: DECODE_SECONDS })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(tellFault);
  return { width: info.width, height: info.height, data: new Uint8Array(data) };
}

/** The bytes of a file, at most as many as a picture may have; a longer one is refused before it is read. */
export async function readPictureFile(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_PICTURE_BYTES) throw new InputError(`expected at most ${MAX_PICTURE_BYTES} bytes, got ${size}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The picture cropped around its centre and brought to a size, as trainers do; as it is where it has that size. */
export async function fitPicture(image: RgbImage, size: { width: number; height: number }): Promise<RgbImage> {
  const { width, height } = size;
  if (image.width === width && image.height === height) return image;
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const data = await sharp(image.data, { raw }).resize(width, height, { fit: 'cover' }).raw().toBuffer();
  return { width, height, data: new Uint8Array(data) };
}

function describeOther(bytes: Buffer): string {
  if (bytes.length === 0) return 'an empty file';
  const start = bytes.toString('latin1', 0, 256).trimStart().toLowerCase();
  if (start.startsWith('<svg') || start.startsWith('<?xml')) return 'SVG or other markup';
  if (start.startsWith('gif8')) return 'GIF';
  if (start.startsWith('pk\x03\x04')) return 'a zip archive';
  return 'other bytes';
}

// libvips speaks in several lines; the first says what is wrong.
function tellFault(error: unknown): never {
  const first = (error as Error).message.split('\n')[0]!.trim();
  throw new InputError(`expected a whole picture of at most ${MAX_PIXELS} pixels, got: ${first}`);
}
