/**
 * Reads users' JSON rows: one object a line, or one list of objects. Every line must be complete, including the last,
 * and every error message gives the line or the index in the list.
 */
import { atPlace, badInput, InputError } from '../errors.ts';
import { readTextFile } from './read-text.ts';

const MAX_LINE_LENGTH = 2 ** 20;

/** One JSON object with its line number, or its index in a list. */
export interface JsonRow {
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * Reads all rows of a file. `parseRow` may throw an `InputError` whose message does not name the file; file and line
 * are prepended.
 */
export async function readJsonRows<T>(
  path: string,
  { what, parseRow }: { what: string; parseRow: (row: JsonRow) => T },
): Promise<T[]> {
  const text = await readTextFile(path, what);
  if (text.trimStart().startsWith('[')) return readList(text, { path, parseRow });
  return text.split('\n').flatMap((raw, index) => {
    if (raw.trim() === '') return [];
    const line = index + 1;
    try {
      return [parseRow({ line, value: parseObject(raw) })];
    } catch (error) {
      throw atPlace(`${path}, line ${line}`, error);
    }
  });
}

function readList<T>(text: string, { path, parseRow }: { path: string; parseRow: (row: JsonRow) => T }): T[] {
  let list: unknown[];
  try {
    list = JSON.parse(text) as unknown[];
  } catch {
    throw badInput(`${path}: expected a list of JSON objects, or one a line, got damaged text`);
  }
  return list.map((value, index) => {
    try {
      return parseRow({ line: index + 1, value: checkObject(value) });
    } catch (error) {
      throw atPlace(`${path}, item ${index + 1}`, error);
    }
  });
}

function parseObject(raw: string): JsonRow['value'] {
  if (raw.length > MAX_LINE_LENGTH) {
    throw new InputError(`expected at most ${MAX_LINE_LENGTH} characters in a line, got ${raw.length}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(raw);
  } catch {
    throw new InputError('expected a JSON object, got damaged text');
  }
  return checkObject(value);
}

function checkObject(value: unknown): JsonRow['value'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError('expected a JSON object, got another value');
  }
  return value as JsonRow['value'];
}
