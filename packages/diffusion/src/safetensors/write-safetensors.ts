/** Writes safetensors atomically: a reader finds the old file or the whole new one, also after a power cut. */

import { type FileHandle, open } from 'node:fs/promises';
import type { ParameterValue, ParameterValues } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { writeFileAtomically } from '../files/atomic-file.ts';
import { decoderOf, ENCODERS, type FloatType, LARGEST } from './element-type.ts';
import { parseHeaderJson, quote } from './header-json.ts';

const CHUNK_VALUES = 1024 * 1024;
const ALIGNMENT = 8;

/**
 * Writes `tensors`, sorted by name, in one `dtype`, atomically and fsynced. Equal tensors give equal bytes. `metadata`
 * is added to `{ format: 'pt' }`, without which transformers refuses a file. Throws when a shape does not fit its data,
 * or a value is not finite or too large for `dtype`; the file at `path` is then unchanged.
 */
export async function writeSafetensors(
  path: string,
  tensors: ParameterValues,
  { dtype, metadata = {} }: { dtype: FloatType; metadata?: Readonly<Record<string, string>> },
): Promise<void> {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const header = encodeHeader(sorted, dtype, { format: 'pt', ...metadata }, path);
  await writeFileAtomically(path, async (temporary) => {
    const file = await open(temporary, 'wx');
    try {
      await writeAll(file, header);
      for (const [name, { data }] of sorted) await writeTensor(file, data, dtype, `${path}: tensor ${quote(name)}`);
    } finally {
      await file.close();
    }
  });
}

function encodeHeader(
  sorted: readonly [string, ParameterValue][],
  dtype: FloatType,
  metadata: Record<string, string>,
  path: string,
): Buffer {
  const { bytes } = decoderOf(dtype);
  let position = 0;
  const fields = sorted.map(([name, { shape, data }]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    if (count !== data.length) {
      throw new Error(
        `${path}: tensor ${quote(name)}: expected ${count} values for [${shape.join(', ')}], got ${data.length}`,
      );
    }
    const begin = position;
    position += count * bytes;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, position] })}`;
  });
  const json = `{${[`"__metadata__":${JSON.stringify(metadata)}`, ...fields].join(',')}}`;
  try {
    parseHeaderJson(json); // what the reader would refuse is not written
  } catch (error) {
    throw new Error(`${path}: header: ${(error as Error).message}`);
  }
  const text = Buffer.from(json, 'utf8');
  const padded = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.alloc(8 + padded, ' ');
  header.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(header, 8);
  return header;
}

async function writeTensor(file: FileHandle, data: Float32Array, dtype: FloatType, where: string): Promise<void> {
  const largest = LARGEST[dtype];
  for (let start = 0; start < data.length; start += CHUNK_VALUES) {
    const chunk = data.subarray(start, start + CHUNK_VALUES);
    for (let i = 0; i < chunk.length; i++) {
      if (!(Math.abs(chunk[i]!) <= largest)) {
        throw new InputError(
          `${where}: expected numbers within ${largest} for ${dtype}, got ${chunk[i]} at index ${start + i}`,
        );
      }
    }
    await writeAll(file, ENCODERS[dtype](chunk));
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written);
    written += bytesWritten;
  }
}
