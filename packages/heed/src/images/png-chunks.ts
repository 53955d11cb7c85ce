/** PNG files as a list of chunks, and text chunks in particular. Decodes no pixels. */
import { crc32 } from '@node-rs/crc32';
import { InputError } from '../errors.ts';

export const PNG_SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Bytes of a chunk besides its data: length, type and checksum. */
const FRAME_BYTES = 12;
/** Texts that a tEXt chunk may hold: printable Latin-1 and line feeds (PNG 1.2, section 4.2.3.1). */
const LATIN_1 = /^[\n\u0020-\u007e\u00a0-\u00ff]*$/;

export interface PngChunk {
  readonly type: string;
  readonly data: Buffer;
  /** The whole chunk, with length, type and checksum. */
  readonly bytes: Buffer;
  /** Whether the stored checksum matches the chunk's type and data. */
  readonly isIntact: boolean;
}

/**
 * Reads the chunks in order. Throws an `InputError` whose message does not name the file when the bytes are no PNG or
 * end inside a chunk.
 */
export function readChunks(png: Uint8Array): PngChunk[] {
  const buffer = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (buffer.length < PNG_SIGNATURE.length || PNG_SIGNATURE.some((byte, i) => buffer[i] !== byte)) {
    throw new InputError('expected a PNG, got other bytes');
  }
  const chunks: PngChunk[] = [];
  for (let at = PNG_SIGNATURE.length; at < buffer.length; ) {
    const end = at + FRAME_BYTES + (at + FRAME_BYTES <= buffer.length ? buffer.readUInt32BE(at) : 0);
    if (end > buffer.length) throw new InputError(`expected a whole PNG, it ends inside the chunk at byte ${at}`);
    const body = buffer.subarray(at + 4, end - 4);
    chunks.push({
      type: body.toString('latin1', 0, 4),
      data: body.subarray(4),
      bytes: buffer.subarray(at, end),
      isIntact: crc32(body) === buffer.readUInt32BE(end - 4),
    });
    at = end;
  }
  return chunks;
}

/** Joins the chunks into a PNG file. */
export function joinChunks(chunks: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  return Buffer.concat([PNG_SIGNATURE, ...chunks]);
}

/** Encodes a text chunk: tEXt for Latin-1 text, else iTXt in UTF-8, as the PNG specification asks. */
export function textChunk(keyword: string, text: string): Buffer {
  return isLatin1(text)
    ? chunkOf('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'))
    : // Not compressed (two zeros), no language, no translated keyword.
      chunkOf('iTXt', Buffer.from(`${keyword}\0\0\0\0\0${text}`, 'utf8'));
}

/** Whether `textChunk` writes the text as tEXt. */
export function isLatin1(text: string): boolean {
  return LATIN_1.test(text);
}

/** Reads keyword and text of a tEXt chunk or an uncompressed iTXt chunk; undefined for any other chunk. */
export function readText({ type, data }: PngChunk): { keyword: string; text: string } | undefined {
  const end = data.indexOf(0);
  if (end < 0) return undefined;
  const keyword = data.toString('latin1', 0, end);
  if (type === 'tEXt') return { keyword, text: data.toString('latin1', end + 1) };
  if (type !== 'iTXt' || data[end + 1] !== 0) return undefined;
  const language = data.indexOf(0, end + 3);
  const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
  return translated < 0 ? undefined : { keyword, text: data.toString('utf8', translated + 1) };
}

function chunkOf(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(data.length + FRAME_BYTES);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), chunk.length - 4);
  return chunk;
}
