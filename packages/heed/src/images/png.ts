/**
 * Encodes and decodes RGB images as PNG files with text chunks. The same image and texts always give the same bytes.
 */
import type { RgbImage } from '@heed/diffusion';
import { decode, encode } from 'fast-png';
import { InputError } from '../errors.ts';
import { joinChunks, readChunks, readText, textChunk } from './png-chunks.ts';

/** The keyword under which image browsers, A1111 and Civitai look for the recipe. */
export const PARAMETERS_KEYWORD = 'parameters';
/** The keyword of heed's own recipe, which the image's id covers: see `imageId`. */
export const RECIPE_KEYWORD = 'heed';
/** The largest PNG that is decoded here, in pixels. */
export const MAX_PIXELS = 16_000_000;
const HEADER_BYTES = 33;

/** The text chunks of a PNG, by keyword. */
export interface PngTexts {
  readonly parameters: string;
  readonly recipe?: string | undefined;
}

/**
 * Encodes 8-bit RGB. The texts come before the pixels: programs that read only the header, as Pillow's `Image.open`
 * does, miss texts after the pixels.
 */
export function encodePng({ width, height, data }: RgbImage, { parameters, recipe }: PngTexts): Uint8Array {
  const [header, ...rest] = readChunks(encode({ width, height, data, channels: 3, depth: 8 }));
  const texts = [
    textChunk(PARAMETERS_KEYWORD, parameters),
    ...(recipe === undefined ? [] : [textChunk(RECIPE_KEYWORD, recipe)]),
  ];
  return joinChunks([header!.bytes, ...texts, ...rest.map(({ bytes }) => bytes)]);
}

/**
 * Decodes an 8-bit RGB or RGBA PNG and drops alpha. The size is checked before the pixels are unpacked. For any other
 * file, throws an `InputError` whose message does not name the file.
 */
export function decodePng(bytes: Uint8Array): RgbImage & Partial<PngTexts> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== 0x89504e47) {
    throw new InputError('expected a PNG, got other bytes');
  }
  const pixels = view.getUint32(16) * view.getUint32(20);
  if (pixels > MAX_PIXELS) throw new InputError(`expected at most ${MAX_PIXELS} pixels, got ${pixels}`);
  const { width, height, data, channels, depth } = decodeWhole(bytes);
  if (depth !== 8 || (channels !== 3 && channels !== 4) || !(data instanceof Uint8Array)) {
    throw new InputError(`expected 8-bit RGB, got ${depth}-bit with ${channels} channels`);
  }
  const texts = new Map(
    readChunks(bytes).flatMap((chunk) => {
      const found = readText(chunk);
      return found ? [[found.keyword, found.text] as const] : [];
    }),
  );
  const [parameters, recipe] = [texts.get(PARAMETERS_KEYWORD), texts.get(RECIPE_KEYWORD)];
  return {
    width,
    height,
    data: channels === 3 ? data : dropAlpha(data),
    ...(parameters === undefined ? {} : { parameters }),
    ...(recipe === undefined ? {} : { recipe }),
  };
}

function decodeWhole(bytes: Uint8Array) {
  try {
    return decode(bytes, { checkCrc: true });
  } catch {
    // The decoder's message quotes bytes of the file, so it is replaced.
    throw new InputError('expected a whole PNG, got a damaged one');
  }
}

function dropAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0; i < rgba.length / 4; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = rgba[4 * i + c]!;
  }
  return rgb;
}
