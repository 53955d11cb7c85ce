/**
 * Append-only files with one JSON object a line. If a process dies while appending, only the last line can be
 * incomplete. An incomplete last line is ignored when reading and cut off before the next append. A damaged line
 * anywhere else is an error.
 */

import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createQueue } from '@heed/diffusion/one-at-a-time';
import { atPlace, InputError } from '../errors.ts';
import { type LineSums, openLineSums } from './line-sums.ts';

/** The content of a JSON lines file. */
export interface JsonLines<T> {
  records: T[];
  /** Number of bytes up to the end of the last complete line. */
  wholeBytes: number;
  tornBytes: number;
}

/**
 * Reads all complete lines; a missing file is empty. `parse` gets each parsed line and may throw an `InputError` whose
 * message does not name the file ("expected ..."). The reader prepends the path and line number to that message.
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

/** Parses one line. For a line that is not JSON, throws an `InputError` whose message does not name the file. */
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
  /** Writes all records as lines in one call; with `fsync`, resolves after the lines are flushed to disk. */
  append(records: readonly unknown[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Creates a writer. The first append opens the file and cuts off an incomplete last line. Simultaneous calls of
 * `append` run one after another.
 */
export function createJsonLinesWriter(
  path: string,
  options: {
    fsync?: boolean;
    /** Whether to keep checksums of the lines in a second file (`line-sums.ts`). */
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
      // A partial write to a full disk must not become a damaged line before the next append.
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

/** Opens the file for appending and returns its complete lines. */
async function openRepaired(path: string): Promise<{ file: FileHandle; content: Buffer }> {
  const file = await open(path, 'a+');
  const { size } = await file.stat();
  const bytes = size === 0 ? Buffer.alloc(0) : await file.readFile();
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  if (wholeBytes < bytes.length) await file.truncate(wholeBytes);
  return { file, content: bytes.subarray(0, wholeBytes) };
}
