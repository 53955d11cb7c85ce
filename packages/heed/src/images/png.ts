/** RGB images as PNG files with one text entry, `parameters`, and back. The same image and text give the same bytes. */
import type { RgbImage } from '@heed/diffusion';
import { crc32 } from '@node-rs/crc32';
import { decode, encode } from 'fast-png';
import { InputError } from '../errors.ts';

const KEYWORD = 'parameters';
/** The largest picture that is decoded, in pixels. */
export const MAX_PIXELS = 16_000_000;
const SIGNATURE_BYTES = 8;
const HEADER_CHUNK_BYTES = 25;

/** Encodes 8-bit RGB; text outside Latin-1 goes into an iTXt chunk, as the PNG specification asks. */
export function encodePng({ width, height, data }: RgbImage, parameters: string): Uint8Array {
  const image = { width, height, data, channels: 3, depth: 8 } as const;
  if (/^[\n\u0020-\u007e\u00a0-\u00ff]*$/.test(parameters))
    return encode({ ...image, text: { [KEYWORD]: parameters } });
  const png = encode(image);
  const at = SIGNATURE_BYTES + HEADER_CHUNK_BYTES;
  return Buffer.concat([png.subarray(0, at), internationalText(parameters), png.subarray(at)]);
}

/**
 * Decodes an 8-bit RGB or RGBA PNG (alpha is dropped); the size is checked before the pixels are unpacked. Throws an
 * `InputError` without a subject for anything else.
 */
export function decodePng(bytes: Uint8Array): RgbImage & { parameters?: string } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < SIGNATURE_BYTES + HEADER_CHUNK_BYTES || view.getUint32(0) !== 0x89504e47) {
    throw new InputError('expected a PNG, got other bytes');
  }
  const pixels = view.getUint32(16) * view.getUint32(20);
  if (pixels > MAX_PIXELS) throw new InputError(`expected at most ${MAX_PIXELS} pixels, got ${pixels}`);
  const { width, height, data, channels, depth, text } = decodeWhole(bytes);
  if (depth !== 8 || (channels !== 3 && channels !== 4) || !(data instanceof Uint8Array)) {
    throw new InputError(`expected 8-bit RGB, got ${depth}-bit with ${channels} channels`);
  }
  const parameters = text[KEYWORD] ?? readInternationalText(bytes);
  const rgb = channels === 3 ? data : dropAlpha(data);
  return { width, height, data: rgb, ...(parameters === undefined ? {} : { parameters }) };
}

function decodeWhole(bytes: Uint8Array) {
  try {
    return decode(bytes, { checkCrc: true });
  } catch {
    // The decoder's own words quote bytes of the file.
    throw new InputError('expected a whole PNG, got a damaged one');
  }
}

/** iTXt: keyword, NUL, not compressed (two zeros), no language, no translated keyword, UTF-8. */
function internationalText(text: string): Uint8Array {
  const body = Buffer.from(`iTXt${KEYWORD}\0\0\0\0\0${text}`, 'utf8');
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

function readInternationalText(bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const prefix = `${KEYWORD}\0\0\0\0\0`;
  for (let at = SIGNATURE_BYTES; at + 12 <= buffer.length; ) {
    const length = buffer.readUInt32BE(at);
    const body = buffer.subarray(at + 8, at + 8 + length);
    if (buffer.toString('latin1', at + 4, at + 8) === 'iTXt' && body.toString('latin1', 0, prefix.length) === prefix) {
      return body.toString('utf8', prefix.length);
    }
    at += length + 12;
  }
  return undefined;
}

function dropAlpha(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0; i < rgba.length / 4; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = rgba[4 * i + c]!;
  }
  return rgb;
}
