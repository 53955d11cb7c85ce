/**
 * A strict reader for the JSON of a safetensors header and for nothing else: an object of tensors and `__metadata__`.
 * JSON.parse would silently keep the last of two equal names, accept any nesting depth, and set `__proto__`. This
 * reader accepts a depth of two, refuses duplicates and numbers that are not plain integers, and fills Maps.
 */
import { InputError } from '../errors.ts';

/** One entry as written, not yet checked against the file. */
export interface RawEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly dataOffsets: readonly number[];
}

export interface RawHeader {
  readonly metadata: Map<string, string>;
  readonly entries: Map<string, RawEntry>;
}

const METADATA = '__metadata__';
const MAX_NAME = 1024;
const MAX_LIST = 32;
const FORBIDDEN_PARTS: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

/**
 * Parses header text. Throws an InputError that states the expected and the actual text; the caller prepends "header:
 * ".
 */
export function parseHeaderJson(text: string): RawHeader {
  const cursor = { text, at: 0 };
  const metadata = new Map<string, string>();
  const entries = new Map<string, RawEntry>();
  let sawMetadata = false;
  readObject(cursor, (name) => {
    if (name === METADATA) {
      if (sawMetadata) throw new InputError(`expected one "${METADATA}", got two`);
      sawMetadata = true;
      // As the safetensors library reads it: no metadata.
      if (readNull(cursor)) return;
      readObject(cursor, (key) => {
        if (metadata.has(key)) throw new InputError(`metadata key ${quote(key)}: expected it once, got it twice`);
        checkName(key);
        metadata.set(key, readString(cursor));
      });
      return;
    }
    if (entries.has(name)) throw new InputError(`tensor ${quote(name)}: expected a unique name, got it twice`);
    checkName(name);
    entries.set(name, readEntry(cursor, name));
  });
  skipSpace(cursor);
  if (cursor.at !== text.length) throw new InputError(`expected the end after the object, got ${here(cursor)}`);
  return { metadata, entries };
}

interface Cursor {
  readonly text: string;
  at: number;
}

function readEntry(cursor: Cursor, tensor: string): RawEntry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let dataOffsets: number[] | undefined;
  readObject(cursor, (key) => {
    const once = (value: unknown) => {
      if (value !== undefined)
        throw new InputError(`tensor ${quote(tensor)}: expected key ${quote(key)} once, got it twice`);
    };
    if (key === 'dtype') {
      once(dtype);
      dtype = readString(cursor);
    } else if (key === 'shape') {
      once(shape);
      shape = readIntegers(cursor);
    } else if (key === 'data_offsets') {
      once(dataOffsets);
      dataOffsets = readIntegers(cursor);
    } else {
      throw new InputError(
        `tensor ${quote(tensor)}: expected the keys dtype, shape and data_offsets, got ${quote(key)}`,
      );
    }
  });
  if (dtype === undefined || shape === undefined || dataOffsets === undefined) {
    throw new InputError(`tensor ${quote(tensor)}: expected the keys dtype, shape and data_offsets, got fewer`);
  }
  return { dtype, shape, dataOffsets };
}

function readObject(cursor: Cursor, readValue: (key: string) => void): void {
  expect(cursor, '{');
  if (peek(cursor) === '}') {
    cursor.at++;
    return;
  }
  for (;;) {
    const key = readString(cursor);
    expect(cursor, ':');
    readValue(key);
    if (peek(cursor) !== ',') break;
    cursor.at++;
  }
  expect(cursor, '}');
}

function readNull(cursor: Cursor): boolean {
  skipSpace(cursor);
  if (!cursor.text.startsWith('null', cursor.at)) return false;
  cursor.at += 4;
  return true;
}

function readIntegers(cursor: Cursor): number[] {
  const values: number[] = [];
  expect(cursor, '[');
  if (peek(cursor) === ']') {
    cursor.at++;
    return values;
  }
  for (;;) {
    values.push(readInteger(cursor));
    if (values.length > MAX_LIST)
      throw new InputError(`expected at most ${MAX_LIST} numbers in a list, got more at character ${cursor.at}`);
    if (peek(cursor) !== ',') break;
    cursor.at++;
  }
  expect(cursor, ']');
  return values;
}

const INTEGER = /(?:0|[1-9]\d{0,15})(?![\d.eE])/y;

function readInteger(cursor: Cursor): number {
  skipSpace(cursor);
  INTEGER.lastIndex = cursor.at;
  const digits = INTEGER.exec(cursor.text)?.[0];
  const value = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(value))
    throw new InputError(`expected an integer from 0 to 2^53 - 1, got ${here(cursor)}`);
  cursor.at += digits.length;
  return value;
}

function readString(cursor: Cursor): string {
  if (peek(cursor) !== '"') throw new InputError(`expected a string, got ${here(cursor)}`);
  const start = cursor.at;
  let end = start + 1;
  for (let code = cursor.text.charCodeAt(end); code !== 0x22; code = cursor.text.charCodeAt(++end)) {
    if (Number.isNaN(code)) throw new InputError(`expected a string that ends, got the end of the header`);
    if (code === 0x5c) end++;
  }
  cursor.at = end + 1;
  try {
    return JSON.parse(cursor.text.slice(start, cursor.at)) as string;
  } catch {
    throw new InputError(`expected a JSON string, got ${here({ text: cursor.text, at: start })}`);
  }
}

function checkName(name: string): void {
  if (name === '' || name.length > MAX_NAME)
    throw new InputError(`expected a name of 1 to ${MAX_NAME} characters, got ${name.length}`);
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) < 0x20)
      throw new InputError(`expected a name without control characters, got ${quote(name)}`);
  }
  if (name.split('.').some((part) => FORBIDDEN_PARTS.has(part))) {
    throw new InputError(`expected a name that is safe as an object's key, got ${quote(name)}`);
  }
}

function expect(cursor: Cursor, character: string): void {
  if (peek(cursor) !== character) throw new InputError(`expected "${character}", got ${here(cursor)}`);
  cursor.at++;
}

function peek(cursor: Cursor): string | undefined {
  skipSpace(cursor);
  return cursor.text[cursor.at];
}

function skipSpace(cursor: Cursor): void {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    cursor.at++;
  }
}

/**
 * The text position of an error, for its message. The position quotes no text of the file, because the file may be
 * private and of another kind.
 */
function here({ text, at }: Cursor): string {
  return at >= text.length ? 'the end of the header' : `something else at character ${at}`;
}

/** A name for an error message, escaped and truncated. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 128 ? `${name.slice(0, 128)}…` : name);
}
