/**
 * JSON in the dialect of Python's `json` module: NaN, Infinity and -Infinity are numbers, and 1.0 (float) differs from
 * 1 (int). JavaScript has only one number type, so parsed objects remember how such numbers were spelled. The grammar
 * follows RFC 8259; for NaN, Infinity and -Infinity it follows CPython's `json.decoder`.
 */

/**
 * Number spellings by key. The property is enumerable, so that `{ ...config }` keeps it. JSON.stringify and Object.keys
 * ignore symbols.
 */
const SPELLINGS = Symbol('number spellings');

interface Spelled {
  [SPELLINGS]?: Record<string, string>;
}

/** A parse error with its position. The message quotes no part of the text. */
export class PythonJsonError extends Error {
  override readonly name = 'PythonJsonError';
}

/** Parses `text`. When a key occurs twice, the last value wins, as in Python. Throws a `PythonJsonError`. */
export function parsePythonJson(text: string): unknown {
  const cursor = { text, at: 0, depth: 0 };
  const value = readValue(cursor);
  if (peek(cursor) !== undefined) throw unexpected(cursor, 'the end');
  return value instanceof Numeral ? value.value : value;
}

/**
 * Writes `value` with an indent of two. Numbers keep the spelling with which they were read. `undefined` members are
 * left out.
 */
export function formatPythonJson(value: unknown): string {
  return format(value, undefined, '\n');
}

/** Copies the spellings of numbers in `from` to equal numbers at the same keys in `to`. */
export function copySpellings(from: unknown, to: unknown): void {
  if (!isContainer(from) || !isContainer(to) || from === to) return;
  for (const key of Object.keys(to)) {
    const [before, after] = [from[key], to[key]];
    const spelling = spellingOf(from, key);
    if (spelling !== undefined && Object.is(before, after)) spell(to, key, spelling);
    else copySpellings(before, after);
  }
}

/**
 * Marks the whole numbers at `keys` of `object` as floats: 1 is written as 1.0. Numbers at other keys stay as they are.
 */
export function spellAsFloats(object: object, keys: readonly string[]): void {
  const spelled = object as Spelled;
  // A separate record: a copy made with `{ ...object }` shares the old one.
  spelled[SPELLINGS] = Object.assign(Object.create(null), spelled[SPELLINGS]) as Record<string, string>;
  for (const key of keys) {
    const value = (object as Record<string, unknown>)[key];
    if (typeof value === 'number' && Number.isSafeInteger(value)) spell(object, key, `${value}.0`);
  }
}

type Container = Record<string, unknown> & Spelled;

interface Cursor {
  readonly text: string;
  at: number;
  depth: number;
}

/** A number whose spelling has to be kept. */
class Numeral {
  readonly value: number;
  readonly spelling: string;

  constructor(value: number, spelling: string) {
    this.value = value;
    this.spelling = spelling;
  }
}

const MAX_DEPTH = 128;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const SPACE = /[ \t\r\n]*/y;
const CONSTANTS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
];

function readValue(cursor: Cursor): unknown {
  const first = peek(cursor);
  if (first === '{') return readObject(cursor);
  if (first === '[') return readArray(cursor);
  if (first === '"') return readString(cursor);
  for (const [word, value] of CONSTANTS) {
    if (cursor.text.startsWith(word, cursor.at)) {
      cursor.at += word.length;
      return value;
    }
  }
  const token = take(cursor, NUMBER);
  if (token === undefined) throw unexpected(cursor, 'a value');
  const value = Number(token);
  const isFloat = /[.eE]/.test(token);
  const plain = String(value);
  const isKept = Number.isFinite(value) && (isFloat ? /[.e]/.test(plain) : plain === token);
  return isKept ? value : new Numeral(value, token);
}

function readObject(cursor: Cursor): Container {
  const object: Container = {};
  readMembers(cursor, '}', () => {
    if (peek(cursor) !== '"') throw unexpected(cursor, 'a key');
    const key = readString(cursor);
    if (peek(cursor) !== ':') throw unexpected(cursor, 'a colon');
    cursor.at++;
    put(object, key, readValue(cursor));
  });
  return object;
}

function readArray(cursor: Cursor): unknown[] {
  const list: unknown[] = [];
  readMembers(cursor, ']', () => put(list, String(list.length), readValue(cursor)));
  return list;
}

/** Reads an opening bracket, members separated by commas, and the closing bracket. */
function readMembers(cursor: Cursor, close: '}' | ']', readMember: () => void): void {
  cursor.depth++;
  if (cursor.depth > MAX_DEPTH) throw unexpected(cursor, `at most ${MAX_DEPTH} levels`);
  cursor.at++;
  if (peek(cursor) !== close) {
    for (;;) {
      readMember();
      if (peek(cursor) !== ',') break;
      cursor.at++;
    }
  }
  if (peek(cursor) !== close) throw unexpected(cursor, `a comma or "${close}"`);
  cursor.at++;
  cursor.depth--;
}

function readString(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at + 1;
  for (let code = text.charCodeAt(end); code !== 0x22; code = text.charCodeAt(++end)) {
    if (Number.isNaN(code)) throw unexpected({ text, at: text.length }, 'the end of a string');
    if (code === 0x5c) end++;
  }
  cursor.at = end + 1;
  try {
    return JSON.parse(text.slice(at, cursor.at)) as string;
  } catch {
    throw unexpected({ text, at }, 'a string without errors');
  }
}

/** Adds a member to `container`; the key `__proto__` becomes an ordinary member too. */
function put(container: object, key: string, value: unknown): void {
  const plain = value instanceof Numeral ? value.value : value;
  Object.defineProperty(container, key, { value: plain, enumerable: true, configurable: true, writable: true });
  if (value instanceof Numeral) spell(container, key, value.spelling);
}

function peek(cursor: Cursor): string | undefined {
  SPACE.lastIndex = cursor.at;
  SPACE.exec(cursor.text);
  cursor.at = SPACE.lastIndex;
  return cursor.text[cursor.at];
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const token = pattern.exec(cursor.text)?.[0];
  cursor.at += token?.length ?? 0;
  return token;
}

function unexpected({ text, at }: Pick<Cursor, 'text' | 'at'>, wanted: string): PythonJsonError {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  const got = at >= text.length ? 'the end of the text' : 'something else';
  return new PythonJsonError(`expected ${wanted}, got ${got} (line ${line}, column ${column})`);
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

function spellingOf(container: Container, key: string): string | undefined {
  const spellings = container[SPELLINGS];
  return spellings !== undefined && Object.hasOwn(spellings, key) ? spellings[key] : undefined;
}

function spell(container: object, key: string, spelling: string): void {
  const spelled = container as Spelled;
  spelled[SPELLINGS] ??= Object.create(null) as Record<string, string>;
  spelled[SPELLINGS][key] = spelling;
}

function format(value: unknown, spelling: string | undefined, newline: string): string {
  if (typeof value === 'number') {
    if (spelling !== undefined && Object.is(Number(spelling), value)) return spelling;
    return String(value);
  }
  if (!isContainer(value)) return JSON.stringify(value) ?? 'null';
  const inner = `${newline}  `;
  const member = (key: string) => format(value[key], spellingOf(value, key), inner);
  const members = Array.isArray(value)
    ? value.map((_, index) => member(String(index)))
    : Object.keys(value)
        .filter((key) => value[key] !== undefined)
        .map((key) => `${JSON.stringify(key)}: ${member(key)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return members.length === 0 ? `${open}${close}` : `${open}${inner}${members.join(`,${inner}`)}${newline}${close}`;
}
