/**
 * Decodes BMP pictures, which sharp cannot read. Pictures may have 1, 4, 8, 16, 24 or 32 bits per pixel, palettes, bit
 * masks, and rows from the top or from the bottom. Compressed BMP pictures are refused. Source: Microsoft's
 * BITMAPINFOHEADER and its successors.
 */
import type { RgbImage } from '@heed/diffusion';
import { InputError } from '../../errors.ts';
import { MAX_PIXELS } from './limits.ts';

const FILE_HEADER = 14;
const INFO_HEADER = 40;
const PLAIN = 0;
const BIT_FIELDS = 3;
const BITS = [1, 4, 8, 16, 24, 32];

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  /** `start` is the file offset of the first pixel, and `stride` is the number of bytes of a row. */
  readonly start: number;
  readonly stride: number;
}

export function isBmp(bytes: Buffer): boolean {
  return bytes.length >= 2 && bytes.toString('latin1', 0, 2) === 'BM';
}

/**
 * Decodes a BMP file. For a damaged file or another format, throws an `InputError` whose message does not name the
 * file.
 */
export function decodeBmp(bytes: Buffer): RgbImage {
  const layout = readLayout(bytes);
  const { width, height, topDown, start, stride } = layout;
  const colour = layout.bits <= 8 ? paletteReader(bytes, layout) : directReader(bytes, layout);
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const row = start + stride * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) colour(row, x, data, 3 * (y * width + x));
  }
  return { width, height, data };
}

/**
 * Reads the colour of pixel number `x` in the row at file offset `row`. The colour is written into the three bytes of
 * `target` at offset `to`.
 */
type ColourReader = (row: number, x: number, target: Uint8Array, to: number) => void;

function readLayout(bytes: Buffer): Layout {
  const headerBytes = bytes.length < FILE_HEADER + INFO_HEADER ? 0 : bytes.readUInt32LE(FILE_HEADER);
  if (headerBytes < INFO_HEADER || FILE_HEADER + headerBytes > bytes.length) {
    throw new InputError('expected a BMP picture with an info header of 40 bytes or more, got another');
  }
  const start = bytes.readUInt32LE(10);
  const width = bytes.readInt32LE(18);
  const signedHeight = bytes.readInt32LE(22);
  const height = Math.abs(signedHeight);
  const bits = bytes.readUInt16LE(28);
  const compression = bytes.readUInt32LE(30);
  if (width < 1 || height < 1 || width * height > MAX_PIXELS) {
    throw new InputError(`expected 1 to ${MAX_PIXELS} pixels, got ${width} x ${signedHeight}`);
  }
  if (!BITS.includes(bits) || (compression !== PLAIN && !(compression === BIT_FIELDS && bits >= 16))) {
    throw new InputError(
      `expected a BMP picture that is not compressed, got ${bits} bits with compression ${compression}`,
    );
  }
  const stride = 4 * Math.ceil((width * bits) / 32);
  if (start + stride * height > bytes.length) {
    throw new InputError(`expected a whole BMP picture of ${start + stride * height} bytes, got ${bytes.length}`);
  }
  return { width, height, topDown: signedHeight < 0, bits, start, stride };
}

function paletteReader(bytes: Buffer, { bits }: Layout): ColourReader {
  const begin = FILE_HEADER + bytes.readUInt32LE(FILE_HEADER);
  const colours = bytes.readUInt32LE(46) || 2 ** bits;
  if (colours > 256 || begin + 4 * colours > bytes.length) {
    throw new InputError(`expected a palette of at most 256 colours, got ${colours}`);
  }
  const perByte = 8 / bits;
  return (row, x, target, to) => {
    const byte = bytes[row + Math.floor(x / perByte)]!;
    const index = (byte >> (8 - bits - bits * (x % perByte))) & (2 ** bits - 1);
    // Beyond the palette lies black.
    for (let channel = 0; channel < 3; channel++) {
      target[to + channel] = index < colours ? bytes[begin + 4 * index + 2 - channel]! : 0;
    }
  };
}

function directReader(bytes: Buffer, { bits }: Layout): ColourReader {
  if (bits === 24) {
    return (row, x, target, to) => {
      for (let channel = 0; channel < 3; channel++) target[to + channel] = bytes[row + 3 * x + 2 - channel]!;
    };
  }
  const fields = readMasks(bytes, bits).map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { mask, shift, most: mask >>> shift };
  });
  const size = bits / 8;
  return (row, x, target, to) => {
    const pixel = bytes.readUIntLE(row + size * x, size);
    fields.forEach(({ mask, shift, most }, channel) => {
      target[to + channel] = most === 0 ? 0 : Math.floor((((pixel & mask) >>> shift) * 255) / most);
    });
  };
}

/**
 * The bit masks of red, green and blue: the masks in the file, or otherwise 5 bits each for 16-bit pixels and 8 bits
 * each for 32-bit pixels.
 */
function readMasks(bytes: Buffer, bits: number): number[] {
  if (bytes.readUInt32LE(30) !== BIT_FIELDS) return bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
  const at = FILE_HEADER + INFO_HEADER;
  if (at + 12 > bytes.length) throw new InputError('expected the bit masks of a BMP picture, got the end of the file');
  return [0, 4, 8].map((offset) => bytes.readUInt32LE(at + offset));
}
