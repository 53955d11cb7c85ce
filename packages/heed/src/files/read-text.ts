/** Reads users' text files, and checks size, encoding and control characters before anything is parsed. */
import { readFile, stat } from 'node:fs/promises';
import { badInput } from '../errors.ts';

const MAX_BYTES = 256 * 2 ** 20;
const UTF_16_MARKS = [
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
] as const;

/**
 * Reads a whole file as UTF-8, or as UTF-16 if it starts with a byte order mark (Excel's "Unicode text"). The mark is
 * dropped. Error messages describe the file by the words in `what`.
 */
export async function readTextFile(path: string, what: string): Promise<string> {
  const bytes = await readChecked(path, what);
  const utf16 = UTF_16_MARKS.find(({ mark }) => bytes[0] === mark[0] && bytes[1] === mark[1]);
  if (utf16) {
    try {
      return new TextDecoder(utf16.encoding, { fatal: true }).decode(bytes);
    } catch {
      throw badInput(`${path}: expected ${what} in UTF-8 or UTF-16, got damaged UTF-16`);
    }
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badInput(
      `${path}, line ${firstBadLine(bytes)}: expected ${what} in UTF-8, got other bytes (Excel saves it as 'CSV UTF-8')`,
    );
  }
}

/** Says what is wrong with a text that should be one readable line; undefined when nothing is wrong. */
export function faultOfLine(text: string, { maxLength }: { maxLength: number }): string | undefined {
  if (text.length > maxLength) return `expected at most ${maxLength} characters, got ${text.length}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.exec(text)?.[0];
  if (control === undefined) return undefined;
  return `expected no control characters, got U+${control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Says what is wrong with a text that may have several lines; undefined when nothing is wrong. */
export function faultOfText(text: string, options: { maxLength: number }): string | undefined {
  return faultOfLine(text.replace(/[\t\n\r\u2028\u2029]/g, ' '), options);
}

async function readChecked(path: string, what: string): Promise<Buffer> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR')
      throw badInput(`${path}: expected ${what}, found no such file`);
    throw error;
  });
  if (!found.isFile()) throw badInput(`${path}: expected ${what}, got something that is not a file`);
  if (found.size > MAX_BYTES) throw badInput(`${path}: expected at most ${MAX_BYTES} bytes, got ${found.size}`);
  return readFile(path);
}

function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start <= bytes.length; line++) {
    const at = bytes.indexOf(0x0a, start);
    const end = at < 0 ? bytes.length : at;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end + 1;
  }
  return line - 1;
}
