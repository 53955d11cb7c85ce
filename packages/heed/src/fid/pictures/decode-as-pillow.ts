/**
 * Decodes pictures as Pillow's `Image.open(path).convert('RGB')` does, because pytorch-fid reads pictures in this way.
 * EXIF orientation and colour profiles are ignored, transparency is dropped, and CMYK is converted by Pillow's simple
 * formula. All other parts of heed decode pictures as a person sees them (`images/read-picture.ts`).
 */
import { readFile, stat } from 'node:fs/promises';
import type { RgbImage } from '@heed/diffusion';
import sharp, { type Sharp } from 'sharp';
import { badInput, InputError } from '../../errors.ts';
import { decodeBmp, isBmp } from './decode-bmp.ts';
import { decodePnm, isPnm } from './decode-pnm.ts';
import { MAX_FILE_BYTES, MAX_PIXELS } from './limits.ts';

const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'tiff', 'gif']);

/**
 * Reads the picture in a file. Throws an error whose message begins with `path` when the file is no picture or is
 * truncated.
 */
export async function readAsPillow(path: string): Promise<RgbImage> {
  const { size } = await stat(path);
  if (size > MAX_FILE_BYTES) throw badInput(`${path}: expected at most ${MAX_FILE_BYTES} bytes, got ${size}`);
  try {
    return await decodeAsPillow(await readFile(path));
  } catch (error) {
    throw error instanceof InputError ? badInput(`${path}: ${error.message}`) : error;
  }
}

/** Decodes the bytes of a picture file; throws an `InputError` whose message does not name the file. */
export async function decodeAsPillow(bytes: Buffer): Promise<RgbImage> {
  if (bytes.length === 0) throw new InputError('expected a picture, got an empty file');
  if (isBmp(bytes)) return decodeBmp(bytes);
  if (isPnm(bytes)) return decodePnm(bytes);
  // Pillow passes over what libjpeg only warns of, and refuses pictures that are cut off.
  const input = { limitInputPixels: MAX_PIXELS, failOn: 'truncated', ignoreIcc: true } as const;
  const { format, space, depth, hasAlpha } = await sharp(bytes, input).metadata().catch(tellFault);
  if (format === undefined || !FORMATS.has(format)) {
    throw new InputError(`expected a PNG, JPEG, WebP, TIFF, BMP or netpbm picture, got ${format ?? 'other bytes'}`);
  }
  if (space === 'grey16' && depth === 'ushort' && !hasAlpha) {
    throw new InputError('expected at most 8 bits a pixel in a grey picture, got 16, which Pillow cuts at 255');
  }
  return space === 'cmyk' ? decodeCmyk(sharp(bytes, input)) : decodeRgb(sharp(bytes, input));
}

async function decodeRgb(picture: Sharp): Promise<RgbImage> {
  const { data, info } = await picture
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(tellFault);
  return { width: info.width, height: info.height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** Pillow's `cmyk2rgb`: 255 - k - c (255 - k) / 255, rounded. */
async function decodeCmyk(picture: Sharp): Promise<RgbImage> {
  const { data, info } = await picture
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(tellFault);
  const { width, height, channels } = info;
  const pixels = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) {
    const light = 255 - data[channels * i + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const scaled = data[channels * i + channel]! * light + 128;
      pixels[3 * i + channel] = Math.max(0, light - (((scaled >> 8) + scaled) >> 8));
    }
  }
  return { width, height, data: pixels };
}

// libvips speaks in several lines; the first says what is wrong.
function tellFault(error: unknown): never {
  const first = (error as Error).message.split('\n')[0]!.trim();
  throw new InputError(`expected a whole picture of at most ${MAX_PIXELS} pixels, got: ${first}`);
}
