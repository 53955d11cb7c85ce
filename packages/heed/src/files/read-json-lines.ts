/** JSON lines that a user hands in: every line must be whole, also the last, and every complaint names its line. */
import { atPlace, InputError } from '../errors.ts';
import { readTextFile } from './read-text.ts';

const MAX_LINE_LENGTH = 2 ** 20;

/** One JSON object with the line on which it stands. */
export interface JsonRow {
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Parses the whole file; `parseRow` throws an `InputError` without a subject, to which file and line are put in front. */
export async function readJsonRows<T>(
  path: string,
  { what, parseRow }: { what: string; parseRow: (row: JsonRow) => T },
): Promise<T[]> {
  const text = await readTextFile(path, what);
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
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError('expected a JSON object, got another value');
  }
  return value as JsonRow['value'];
}
