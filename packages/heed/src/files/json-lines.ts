/**
 * Files of one JSON object a line, only ever appended to. A process that dies while appending can tear the last line,
 * and only that one: it is passed over when reading and cut off before the next append. Damage elsewhere is an error.
 */

import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createQueue } from '@heed/diffusion/one-at-a-time';
import { atPlace, InputError } from '../errors.ts';
import { type LineSums, openLineSums } from './line-sums.ts';

/** What a file of JSON lines holds. */
export interface JsonLines<T> {
  records: T[];
  /** Length up to the end of the last whole line; anything after it was torn. */
  wholeBytes: number;
  tornBytes: number;
}

/**
 * Reads all whole lines; a missing file is empty. `parse` gets each parsed line and throws an `InputError`
 * without a subject ("expected ..."), to which path and line number are put in front.
 */
export function readJsonLines<T>(path: string, parse: (value: unknown) => T): JsonLines<T> {
  const bytes = readIfThere(path);
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const records: T[] = [];
  const lines = bytes.toString('utf8', 0, wholeBytes).split('\n').slice(0, -1);
  lines.forEach((line, index) => {
    try {
      records.push(parse(parseLine(line)));
    } catch (error) {
      throw atPlace(`${path}, line ${index + 1}`, error);
    }
  });
  return { records, wholeBytes, tornBytes: bytes.length - wholeBytes };
}

/** Parses one line. Throws an `InputError`, which names no file, where the line is no JSON. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new InputError('expected a JSON object, got damaged text');
  }
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** An append-only file of JSON lines. */
export interface JsonLinesWriter {
  /** Writes all records as lines in one call; resolves after they are flushed where `fsync` is set. */
  append(records: readonly unknown[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens lazily, at the first append, and cuts a torn last line off then. Appends run one after another. */
export function createJsonLinesWriter(
  path: string,
  options: {
    fsync?: boolean;
    /** Keep a record of checksums beside it (`line-sums.ts`). */
    sums?: boolean;
  } = {},
): JsonLinesWriter {
  const { fsync = false, sums = false } = options;
  let file: FileHandle | undefined;
  let record: LineSums | undefined;
  const inTurn = createQueue();
  const write = async (lines: readonly string[]) => {
    if (file === undefined) {
      const opened = await openRepaired(path);
      file = opened.file;
      if (sums) record = openLineSums(path, opened.content);
    }
    const { size } = await file.stat();
    try {
      await file.appendFile(lines.map((line) => `${line}\n`).join(''));
      if (fsync) await file.datasync();
    } catch (error) {
      // What a full disk let through must not become a damaged line in the middle of the next append.
      await file.truncate(size).catch(() => {});
      throw error;
    }
    record?.add(lines);
  };
  return {
    append(records) {
      const lines = records.map((value) => JSON.stringify(value));
      return inTurn(async () => {
        if (lines.length > 0) await write(lines);
      });
    },
    async close() {
      await inTurn(async () => {});
      await record?.close();
      await file?.close();
      record = undefined;
      file = undefined;
    },
  };
}

/** The file, ready to append to, and its whole lines. */
async function openRepaired(path: string): Promise<{ file: FileHandle; content: Buffer }> {
  const file = await open(path, 'a+');
  const { size } = await file.stat();
  const bytes = size === 0 ? Buffer.alloc(0) : await file.readFile();
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  if (wholeBytes < bytes.length) await file.truncate(wholeBytes);
  return { file, content: bytes.subarray(0, wholeBytes) };
}
