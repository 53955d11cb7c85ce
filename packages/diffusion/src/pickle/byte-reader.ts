/**
 * Reads a byte range of an open file forwards through a small buffer. The reader never allocates memory for sizes that
 * the file merely claims.
 */
import { readSync } from 'node:fs';
import { InputError } from '../errors.ts';

const BUFFER_BYTES = 64 * 1024;
const MAX_LINE_BYTES = 1024;

export interface ByteReader {
  /** Offset in the file of the next byte. */
  position(): number;
  byte(): number;
  /** A copy of the next `count` bytes. */
  bytes(count: number): Buffer;
  /** Reads the text up to the next line feed and skips the line feed. */
  line(): string;
}

/**
 * A reader of bytes [begin, end) of the file `descriptor`. The reader's methods throw an `InputError` that begins with
 * `source` when the range ends too early.
 */
export function createByteReader(
  descriptor: number,
  { begin, end, source }: { begin: number; end: number; source: string },
): ByteReader {
  const buffer = Buffer.alloc(Math.min(BUFFER_BYTES, Math.max(1, end - begin)));
  let bufferStart = begin;
  let filled = 0;
  let at = 0;

  const cutOff = () => new InputError(`${source}: expected a pickle that ends with STOP, got its end (is it cut off?)`);
  const fill = (): void => {
    bufferStart += filled;
    at = 0;
    filled = readSync(descriptor, buffer, 0, Math.min(buffer.length, end - bufferStart), bufferStart);
    if (filled === 0) throw cutOff();
  };
  const position = () => bufferStart + at;
  const byte = (): number => {
    if (at === filled) fill();
    return buffer[at++]!;
  };
  const bytes = (count: number): Buffer => {
    if (count > end - position()) throw cutOff();
    const result = Buffer.alloc(count);
    for (let done = 0; done < count; ) {
      if (at === filled) fill();
      const copied = buffer.copy(result, done, at, Math.min(filled, at + count - done));
      at += copied;
      done += copied;
    }
    return result;
  };
  const line = (): string => {
    const characters: number[] = [];
    for (let next = byte(); next !== 0x0a; next = byte()) {
      if (characters.length === MAX_LINE_BYTES)
        throw new InputError(`${source}: expected a name of at most ${MAX_LINE_BYTES} bytes, got a longer one`);
      characters.push(next);
    }
    return Buffer.from(characters).toString('utf8');
  };
  return { position, byte, bytes, line };
}
