/**
 * Decodes Netpbm pictures (.ppm, .pgm, .pbm; P1 to P6), which sharp cannot read. Values are scaled from 0..maxval to
 * 0..255 as in Pillow. Source: the netpbm manual's ppm(5), pgm(5), pbm(5).
 */
import type { RgbImage } from '@heed/diffusion';
import { InputError } from '../../errors.ts';
import { MAX_PIXELS } from './limits.ts';

const CHANNELS: Readonly<Record<string, number>> = { '1': 1, '2': 1, '3': 3, '4': 1, '5': 1, '6': 3 };

export function isPnm(bytes: Buffer): boolean {
  return /^P[1-6][\s#]/.test(bytes.toString('latin1', 0, 3));
}

/** Decodes a netpbm file. For a damaged file, throws an `InputError` whose message does not name the file. */
export function decodePnm(bytes: Buffer): RgbImage {
  const kind = String.fromCharCode(bytes[1]!);
  const channels = CHANNELS[kind]!;
  const isBitmap = kind === '1' || kind === '4';
  const read = numberReader(bytes, 2);
  const [width, height] = [read.number('a width'), read.number('a height')];
  const most = isBitmap ? 1 : read.number('a largest value');
  if (width < 1 || height < 1 || width * height > MAX_PIXELS) {
    throw new InputError(`expected 1 to ${MAX_PIXELS} pixels, got ${width} x ${height}`);
  }
  if (most < 1 || most > 65_535) throw new InputError(`expected a largest value of 1 to 65535, got ${most}`);
  if (channels === 1 && most > 255) throw new InputError(`expected grey of at most 8 bits, got values to ${most}`);
  const count = width * height * channels;
  const values =
    kind < '4'
      ? textValues(read, { count, isBitmap })
      : kind === '4'
        ? bitValues(bytes, read.binaryStart(), { width, height })
        : binaryValues(bytes, read.binaryStart(), { count, most });
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) {
    const value = values(channels === 3 ? i : Math.floor(i / 3));
    // Bitmaps have 1 for black.
    data[i] = isBitmap ? 255 * (1 - value) : most === 255 ? value : Math.min(255, roundHalfEven((value / most) * 255));
  }
  return { width, height, data };
}

type Values = (index: number) => number;

function binaryValues(bytes: Buffer, start: number, { count, most }: { count: number; most: number }): Values {
  const size = most > 255 ? 2 : 1;
  checkWhole(bytes, start + size * count);
  return size === 1 ? (i) => bytes[start + i]! : (i) => bytes.readUInt16BE(start + 2 * i);
}

function bitValues(bytes: Buffer, start: number, { width, height }: { width: number; height: number }): Values {
  const stride = Math.ceil(width / 8);
  checkWhole(bytes, start + stride * height);
  return (i) => (bytes[start + Math.floor(i / width) * stride + ((i % width) >> 3)]! >> (7 - ((i % width) % 8))) & 1;
}

function textValues(
  read: ReturnType<typeof numberReader>,
  { count, isBitmap }: { count: number; isBitmap: boolean },
): Values {
  // Each value takes a byte at least: a file that promises more is found out before memory is taken.
  if (count > read.left()) throw new InputError(`expected ${count} values, got fewer`);
  const values = new Uint16Array(count);
  for (let i = 0; i < count; i++) values[i] = isBitmap ? read.bit() : read.number('a value');
  return (i) => values[i]!;
}

function checkWhole(bytes: Buffer, expected: number): void {
  if (bytes.length < expected)
    throw new InputError(`expected a whole picture of ${expected} bytes, got ${bytes.length}`);
}

/** Reads numbers that white space and comments separate. */
function numberReader(bytes: Buffer, begin: number) {
  let at = begin;
  const isSpace = (byte: number | undefined) => byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
  const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 48 && byte <= 57;
  const skip = () => {
    for (; at < bytes.length; at++) {
      if (bytes[at] === 35) while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
      else if (!isSpace(bytes[at])) return;
    }
  };
  return {
    left: () => bytes.length - at,
    number(what: string): number {
      skip();
      let value = 0;
      const first = at;
      for (; isDigit(bytes[at]) && at - first < 10; at++) value = 10 * value + bytes[at]! - 48;
      if (at === first) throw new InputError(`expected ${what} in the netpbm picture, got something else`);
      return value;
    },
    /** Reads a single digit; bitmaps (P1) need no white space between digits. */
    bit(): number {
      skip();
      const byte = bytes[at];
      if (byte !== 48 && byte !== 49) throw new InputError('expected a bit in the netpbm picture, got something else');
      at++;
      return byte - 48;
    },
    /** Offset of the first binary value, after a single white-space character. */
    binaryStart: () => at + 1,
  };
}

/** Rounds a half to the nearest even number, as Python does. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
