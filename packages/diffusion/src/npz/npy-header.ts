/** The header of numpy's .npy format, versions 1 to 3. Source: numpy/lib/format.py. Reads no array. */
import type { Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';

const MAGIC = '\x93NUMPY';
const MAGIC_BYTES = 8;
/** The longest header in bytes; numpy itself refuses to parse a longer one. */
const MAX_HEADER_BYTES = 10_000;
const MAX_AXES = 32;
const ALIGNMENT = 64;

/** A numpy number type: its size in bytes, and `read`, which reads one number of this type from a view. */
interface NumberType {
  readonly bytes: number;
  read(view: DataView, at: number, littleEndian: boolean): number;
}

/** The number types by numpy's type code, without the character for the byte order. */
const TYPES: Readonly<Record<string, NumberType>> = {
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
};

export interface NpyHeader {
  readonly type: NumberType;
  readonly littleEndian: boolean;
  /** Whether the array is column-major. */
  readonly fortranOrder: boolean;
  readonly shape: Shape;
  /** Number of values in the array. */
  readonly count: number;
  /** Offset of the first value in the file, in bytes. */
  readonly dataStart: number;
}

/** Parses the start of a .npy file. Throws an `InputError` that begins with `source`. */
export function parseNpyHeader(bytes: Buffer, source: string): NpyHeader {
  if (bytes.length < MAGIC_BYTES + 4 || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new InputError(`${source}: expected an array of numpy, got other bytes`);
  }
  const version = bytes[MAGIC.length]!;
  if (version < 1 || version > 3) {
    throw new InputError(`${source}: expected version 1, 2 or 3 of numpy's format, got ${version}`);
  }
  const lengthBytes = version === 1 ? 2 : 4;
  const length = version === 1 ? bytes.readUInt16LE(MAGIC_BYTES) : bytes.readUInt32LE(MAGIC_BYTES);
  const dataStart = MAGIC_BYTES + lengthBytes + length;
  if (length > MAX_HEADER_BYTES || dataStart > bytes.length) {
    throw new InputError(
      `${source}: expected a header of at most ${Math.min(MAX_HEADER_BYTES, bytes.length)} bytes, got ${length}`,
    );
  }
  const text = bytes.toString('latin1', MAGIC_BYTES + lengthBytes, dataStart);
  const { descr, fortranOrder, shape } = parseFields(text, source);
  const [, order, code] = /^([<>|=]?)([a-zA-Z]\d*)$/.exec(descr) ?? [];
  const type = code === undefined || !Object.hasOwn(TYPES, code) ? undefined : TYPES[code]!;
  if (type === undefined) {
    const got = code?.startsWith('O')
      ? 'Python objects, which are pickled and never opened'
      : code === undefined
        ? 'another'
        : `type ${descr.slice(0, 32)}`;
    throw new InputError(`${source}: expected numbers of type ${Object.keys(TYPES).join(', ')}, got ${got}`);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count * type.bytes)) {
    throw new InputError(`${source}: expected a shape that fits into memory, got [${shape.join(', ')}]`);
  }
  return { type, littleEndian: order !== '>', fortranOrder, shape, count, dataStart };
}

/** One field of the dict, with the comma that follows it. */
const FIELD = /\s*'(descr|fortran_order|shape)'\s*:\s*('[^']*'|True|False|\([\d\sL,]*\))\s*(?:,\s*|$)/y;

/**
 * Parses the three fields of the dict that numpy writes. The header is Python text; only the form that numpy writes is
 * supported.
 */
function parseFields(text: string, source: string): { descr: string; fortranOrder: boolean; shape: Shape } {
  const trimmed = text.trim();
  const body = trimmed.startsWith('{') && trimmed.endsWith('}') ? trimmed.slice(1, -1) : '';
  const fields = new Map<string, string>();
  FIELD.lastIndex = 0;
  for (let match = FIELD.exec(body); match !== null; match = FIELD.exec(body)) {
    fields.set(match[1]!, match[2]!);
    if (FIELD.lastIndex === body.length) break;
  }
  const [descr = '', order = '', shape = ''] = [fields.get('descr'), fields.get('fortran_order'), fields.get('shape')];
  const sizes = shape
    .slice(1, -1)
    .replace(/,\s*$/, '')
    .split(',')
    .map((size) => (/^\s*\d+L?\s*$/.test(size) ? Number.parseInt(size, 10) : Number.NaN));
  const isScalar = /^\(\s*\)$/.test(shape);
  const isWhole =
    FIELD.lastIndex === body.length &&
    descr.startsWith("'") &&
    /^(True|False)$/.test(order) &&
    (isScalar || (shape.startsWith('(') && sizes.length <= MAX_AXES && sizes.every(Number.isSafeInteger)));
  if (!isWhole) {
    throw new InputError(
      `${source}: expected a header with descr, fortran_order and shape of a plain array, got another`,
    );
  }
  return { descr: descr.slice(1, -1), fortranOrder: order === 'True', shape: isScalar ? [] : sizes };
}

/** The header of a float64 array in row-major order, as `numpy.save` writes it. */
export function npyHeader(shape: Shape): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': ${tuple}, }`;
  const total = Math.ceil((MAGIC_BYTES + 2 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(total, ' ');
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt8(1, MAGIC.length);
  header.writeUInt8(0, MAGIC.length + 1);
  header.writeUInt16LE(total - MAGIC_BYTES - 2, MAGIC_BYTES);
  header.write(text, MAGIC_BYTES + 2, 'latin1');
  header.write('\n', total - 1, 'latin1');
  return header;
}
