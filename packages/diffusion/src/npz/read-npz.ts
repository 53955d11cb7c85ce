/** Reads numpy's .npz archives as float64. Sizes that a file claims are checked before memory is allocated. */
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import type { Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { quote } from '../safetensors/header-json.ts';
import { readBytes } from '../tensor-file/read-bytes.ts';
import { readZipDirectory, type ZipEntry } from '../tensor-file/zip-directory.ts';
import { type NpyHeader, parseNpyHeader } from './npy-header.ts';

/** A row-major array. */
export interface NpzArray {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** Size limit of an array in bytes: four times the covariance that FID needs. */
const MAX_ARRAY_BYTES = 128 * 1024 * 1024;

const inflate = promisify(inflateRaw);

/**
 * Reads the arrays `names` of the archive, in this order. Supported types are float32, float64 and integers of 32 and
 * 64 bits. Arrays may have either byte order, be row-major or column-major, and be stored or deflated. Throws an
 * `InputError` for a missing file, another format, or an array that is missing, damaged, too large or made of Python
 * objects. The message begins with `path`.
 */
export async function readNpz(path: string, names: readonly string[]): Promise<NpzArray[]> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    const got = error.code === 'ENOENT' ? 'nothing there' : error.message;
    throw new InputError(`${path}: expected a readable .npz file, got ${got}`);
  });
  try {
    if (!(await file.stat()).isFile()) {
      throw new InputError(`${path}: expected a .npz file, got something that is not a regular file`);
    }
    const entries = await readZipDirectory(file, path, { allowDeflated: true });
    const arrays: NpzArray[] = [];
    for (const name of names) {
      const entry = entries.get(`${name}.npy`);
      if (entry === undefined) {
        // An archive of anything but arrays may be private.
        const found = [...entries.keys()].flatMap((key) => /^(\w{1,40})\.npy$/.exec(key)?.[1] ?? []);
        const got = found.length === 0 ? 'none' : found.slice(0, 8).map(quote).join(', ');
        throw new InputError(`${path}: expected an array ${quote(name)}, got ${got}`);
      }
      arrays.push(await readArray(file, entry, `${path}: array ${quote(name)}`));
    }
    return arrays;
  } finally {
    await file.close();
  }
}

async function readArray(file: FileHandle, entry: ZipEntry, source: string): Promise<NpzArray> {
  const bytes = await readEntry(file, entry, source);
  const header = parseNpyHeader(bytes, source);
  const wanted = header.count * header.type.bytes;
  if (bytes.length - header.dataStart !== wanted) {
    throw new InputError(
      `${source}: expected ${wanted} bytes for [${header.shape.join(', ')}], got ${bytes.length - header.dataStart}`,
    );
  }
  return { shape: header.shape, data: inRows(decode(bytes, header), header) };
}

async function readEntry(file: FileHandle, entry: ZipEntry, source: string): Promise<Buffer> {
  const { begin, end, isDeflated, bytes, crc } = entry;
  const packed = end - begin;
  if (Math.max(bytes, packed) > MAX_ARRAY_BYTES) {
    throw new InputError(`${source}: expected at most ${MAX_ARRAY_BYTES} bytes, got ${Math.max(bytes, packed)}`);
  }
  const raw = Buffer.alloc(packed);
  await readBytes(file, raw, { position: begin, source });
  const data = isDeflated
    ? await inflate(raw, { maxOutputLength: Math.max(1, bytes) }).catch(() => {
        throw new InputError(`${source}: expected ${bytes} deflated bytes, got a damaged or a longer stream`);
      })
    : raw;
  if (data.length !== bytes || crc32(data) !== crc) {
    throw new InputError(`${source}: expected ${bytes} bytes with the archive's checksum, got others`);
  }
  return data;
}

function decode(bytes: Buffer, { type, littleEndian, count, dataStart }: NpyHeader): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart, bytes.length - dataStart);
  const data = new Float64Array(count);
  for (let i = 0; i < count; i++) data[i] = type.read(view, i * type.bytes, littleEndian);
  return data;
}

/** Converts column-major values to row-major order. */
function inRows(data: Float64Array, { fortranOrder, shape, count }: NpyHeader): Float64Array {
  if (!fortranOrder || shape.length < 2) return data;
  const rows = new Float64Array(count);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  const index = new Array<number>(shape.length).fill(0);
  for (let i = 0, from = 0; i < count; i++) {
    rows[i] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return rows;
}
