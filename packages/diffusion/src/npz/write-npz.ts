/** Writes numpy's .npz archives: float64 arrays, without compression. Equal arrays give equal bytes. */
import { crc32 } from 'node:zlib';
import { writeFileAtomically } from '../files/atomic-file.ts';
import { npyHeader } from './npy-header.ts';
import type { NpzArray } from './read-npz.ts';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** Stored entries need version 1.0 of the format. */
const VERSION = 10;
/** 1 January 1980, the first day that a zip archive knows. */
const DATE = 0x21;
const MAX_BYTES = 2 ** 32 - 1;

/**
 * Writes `arrays` to `path`, atomically, as `numpy.savez` does; `numpy.load` reads them. Throws when an array's shape
 * does not fit the number of its values, or the archive would exceed 4 GiB.
 */
export async function writeNpz(path: string, arrays: ReadonlyMap<string, NpzArray>): Promise<void> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of arrays) {
    if (shape.reduce((product, size) => product * size, 1) !== data.length) {
      throw new Error(`${path}: array ${name}: expected numbers for [${shape.join(', ')}], got ${data.length}`);
    }
    const header = npyHeader(shape);
    const numbers = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const bytes = header.length + numbers.length;
    const entry = { name: Buffer.from(`${name}.npy`), bytes, crc: crc32(numbers, crc32(header)), offset };
    const local = localHeader(entry);
    parts.push(local, header, numbers);
    directory.push(directoryEntry(entry));
    offset += local.length + bytes;
    if (offset > MAX_BYTES) throw new Error(`${path}: expected at most ${MAX_BYTES} bytes, got more`);
  }
  const listed = Buffer.concat(directory);
  await writeFileAtomically(path, Buffer.concat([...parts, listed, endOf(directory.length, listed.length, offset)]));
}

interface Entry {
  readonly name: Buffer;
  readonly bytes: number;
  readonly crc: number;
  readonly offset: number;
}

/**
 * The fields that a zip entry has both in its local header and in the directory: from the version to the length of the
 * name.
 */
function commonFields({ name, bytes, crc }: Entry): Buffer {
  const fields = Buffer.alloc(24);
  fields.writeUInt16LE(VERSION, 0);
  fields.writeUInt16LE(DATE, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(bytes, 14);
  fields.writeUInt32LE(bytes, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

function localHeader(entry: Entry): Buffer {
  return Buffer.concat([number32(LOCAL), commonFields(entry), Buffer.alloc(2), entry.name]);
}

function directoryEntry(entry: Entry): Buffer {
  const rest = Buffer.alloc(16);
  rest.writeUInt32LE(entry.offset, 12);
  const madeBy = Buffer.alloc(2);
  madeBy.writeUInt16LE(VERSION, 0);
  return Buffer.concat([number32(CENTRAL), madeBy, commonFields(entry), rest, entry.name]);
}

function endOf(entries: number, bytes: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(bytes, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}

function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}
