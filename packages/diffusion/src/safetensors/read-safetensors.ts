/** Reads the tensors of a safetensors file as float32. The header is checked in full before anything is allocated. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { bitsOf, decoderOf, type ElementType, isNumberType } from './element-type.ts';
import { readHeader, type SafetensorsEntry, type SafetensorsHeader } from './header.ts';
import { quote } from './header-json.ts';

/** A tensor as float32, with the type that it has in the file. */
export interface SafetensorsTensor {
  readonly shape: Shape;
  readonly dtype: ElementType;
  readonly data: Float32Array;
}

export interface SafetensorsFile {
  readonly metadata: Record<string, string>;
  /** Tensors by name, in the order of their bytes in the file. */
  readonly tensors: Map<string, SafetensorsTensor>;
}

/** Chunk size: large enough to make system calls negligible, and small in memory. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * Reads the whole file, or the tensors that `only` chooses. All numbers become float32. The conversion is exact for
 * F32, F16, BF16 and U8, and for integers up to 2^24. Tensors that `into` names are read into the arrays of `into`, so
 * that a large model is in memory only once; others get new arrays. Error messages name the file, the tensor, and the
 * expected and the actual value. Infinite and NaN weights also throw, unless `allowNonFinite`.
 */
export async function readSafetensors(
  path: string,
  {
    only,
    allowNonFinite = false,
    into,
  }: {
    only?: (name: string) => boolean;
    allowNonFinite?: boolean;
    into?: ReadonlyMap<string, { readonly data: Float32Array }>;
  } = {},
): Promise<SafetensorsFile> {
  const file = await openFile(path);
  try {
    const header = await readHeader(file, path);
    const tensors = new Map<string, SafetensorsTensor>();
    for (const [name, entry] of header.entries) {
      if (only && !only(name)) continue;
      const where = `${path}: tensor ${quote(name)}`;
      const data = into?.get(name)?.data ?? new Float32Array(elementCount(entry));
      if (data.length !== elementCount(entry)) {
        throw new InputError(`${where}: expected ${data.length} numbers, got ${elementCount(entry)}`);
      }
      await readTensor(file, header.dataStart, entry, { data, where });
      if (!allowNonFinite) checkFinite(data, where);
      tensors.set(name, { shape: entry.shape, dtype: entry.dtype, data });
    }
    return { metadata: header.metadata, tensors };
  } finally {
    await file.close();
  }
}

/** Reads and checks the header alone: names, types, shapes and metadata, with the errors of `readSafetensors`. */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const file = await openFile(path);
  try {
    return await readHeader(file, path);
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  return open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `${path}: expected a readable safetensors file, got ${error.code === 'ENOENT' ? 'nothing there' : error.message}`,
    );
  });
}

function elementCount({ dtype, begin, end }: SafetensorsEntry): number {
  return ((end - begin) * 8) / bitsOf(dtype);
}

async function readTensor(
  file: FileHandle,
  dataStart: number,
  { dtype, begin, end }: SafetensorsEntry,
  { data, where }: { data: Float32Array; where: string },
): Promise<void> {
  if (!isNumberType(dtype)) throw new InputError(`${where}: expected numbers that heed can read, got ${dtype}`);
  const { bytes, decode } = decoderOf(dtype);
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - begin));
  for (let at = begin; at < end; ) {
    const wanted = Math.min(chunk.length, end - at);
    for (let filled = 0; filled < wanted; ) {
      const { bytesRead } = await file.read(chunk, filled, wanted - filled, dataStart + at + filled);
      if (bytesRead === 0)
        throw new InputError(
          `${where}: expected ${end - begin} bytes, got the end of the file after ${at + filled - begin}`,
        );
      filled += bytesRead;
    }
    const first = (at - begin) / bytes;
    decode(chunk.subarray(0, wanted), data.subarray(first, first + wanted / bytes));
    at += wanted;
  }
}

/** Throws when a value is infinite or not a number; `where` is the beginning of the error message. */
export function checkFinite(data: Float32Array, where: string): void {
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i]))
      throw new InputError(`${where}: expected finite numbers, got ${data[i]} at index ${i}`);
  }
}
