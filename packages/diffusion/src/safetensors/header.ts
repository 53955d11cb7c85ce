/**
 * The header of a safetensors file: parsed and checked completely before a byte of any tensor is read or allocated.
 * Source of the rules: huggingface/safetensors `tensor.rs` (`validate`), with stricter limits where models never need
 * more.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Shape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { bitsOf, type ElementType, isElementType } from './element-type.ts';
import { describeForeignFormat } from './foreign-format.ts';
import { parseHeaderJson, quote, type RawEntry } from './header-json.ts';

/** The place of a tensor: bytes [begin, end) after the header. */
export interface SafetensorsEntry {
  readonly dtype: ElementType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Record<string, string>;
  /** Entries in the order of the tensors' bytes in the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Offset of the first tensor's bytes in the file. */
  readonly dataStart: number;
}

/**
 * Size limit of a header. safetensors allows 100 MB. Stable Diffusion's largest header has 0.1 MB, and 25 MB suffice
 * for 200,000 tensors.
 */
export const MAX_HEADER_BYTES = 25_000_000;
const PREFIX_BYTES = 8;
const MAX_RANK = 8;

/** Reads and checks the header of an open file. Throws an error that begins with `source`. */
export async function readHeader(file: FileHandle, source: string): Promise<SafetensorsHeader> {
  const stat = await file.stat();
  if (!stat.isFile())
    throw new InputError(`${source}: expected a safetensors file, got something that is not a regular file`);
  const head = Buffer.alloc(Math.min(32, stat.size));
  if (head.length > 0) await file.read(head, 0, head.length, 0);
  const headerBytes = headerLength(head, stat.size, source);
  const bytes = Buffer.alloc(headerBytes);
  const { bytesRead } = await file.read(bytes, 0, headerBytes, PREFIX_BYTES);
  if (bytesRead !== headerBytes)
    throw new InputError(`${source}: expected a header of ${headerBytes} bytes, got ${bytesRead}`);
  const dataStart = PREFIX_BYTES + headerBytes;
  return { ...checkHeader(bytes, stat.size - dataStart, source), dataStart };
}

function headerLength(head: Buffer, fileBytes: number, source: string): number {
  if (head.length < PREFIX_BYTES)
    throw new InputError(`${source}: expected a safetensors file, got ${fileBytes} bytes, too few for a header`);
  const length = head.readBigUInt64LE(0);
  if (length < 2n || length > BigInt(MAX_HEADER_BYTES)) {
    // Only now: a header of 640 bytes begins as a pickle does.
    const foreign = describeForeignFormat(head);
    if (foreign) throw new InputError(`${source}: expected a safetensors file, got ${foreign}`);
    throw new InputError(`${source}: expected a header of 2 to ${MAX_HEADER_BYTES} bytes, got another length`);
  }
  if (length > BigInt(fileBytes - PREFIX_BYTES)) {
    throw new InputError(
      `${source}: expected a header of ${length} bytes as announced, got a file of ${fileBytes} (is it cut off?)`,
    );
  }
  return Number(length);
}

/** Checks header bytes against the number of bytes that follow them. */
function checkHeader(bytes: Uint8Array, dataBytes: number, source: string): Omit<SafetensorsHeader, 'dataStart'> {
  const raw = parse(bytes, source);
  const checked = [...raw.entries].map(([name, entry]) => [name, checkEntry(name, entry, source)] as const);
  checked.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  let previous = '';
  for (const [name, { begin, end }] of checked) {
    if (begin !== position) {
      const problem =
        begin < position
          ? `overlap with ${quote(previous)}`
          : `${begin - position} bytes that belong to no tensor before it`;
      throw new InputError(
        `${source}: tensor ${quote(name)}: expected its data to begin at ${position}, got ${begin} (${problem})`,
      );
    }
    position = end;
    previous = name;
  }
  if (position !== dataBytes) {
    const hint = position > dataBytes ? ' (is the file cut off?)' : '';
    throw new InputError(
      `${source}: expected ${position} bytes of tensor data as the header says, got ${dataBytes}${hint}`,
    );
  }
  return { metadata: Object.fromEntries(raw.metadata), entries: new Map(checked) };
}

function parse(bytes: Uint8Array, source: string) {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(`${source}: header: expected UTF-8 text, got bytes that are not`);
  }
  try {
    return parseHeaderJson(text);
  } catch (error) {
    throw new InputError(`${source}: header: ${(error as Error).message}`);
  }
}

function checkEntry(name: string, { dtype, shape, dataOffsets }: RawEntry, source: string): SafetensorsEntry {
  const where = `${source}: tensor ${quote(name)}`;
  if (!isElementType(dtype)) throw new InputError(`${where}: expected a dtype such as F32 or F16, got ${quote(dtype)}`);
  if (shape.length > MAX_RANK) throw new InputError(`${where}: expected at most ${MAX_RANK} axes, got ${shape.length}`);
  const [begin, end] = dataOffsets;
  if (begin === undefined || end === undefined || dataOffsets.length !== 2 || end < begin) {
    throw new InputError(`${where}: expected data_offsets [begin, end], got [${dataOffsets.join(', ')}]`);
  }
  const expected = shape.reduce((product, size) => product * size, bitsOf(dtype)) / 8;
  // Beyond 2^53 the product is no longer exact, but no file is that large.
  if (expected !== end - begin) {
    throw new InputError(`${where}: expected ${expected} bytes for ${dtype} [${shape.join(', ')}], got ${end - begin}`);
  }
  return { dtype, shape, begin, end };
}
