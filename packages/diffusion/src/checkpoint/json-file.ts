/**
 * Reads and writes the small text and JSON files of a model folder. The JSON follows Python's dialect
 * (`python-json.ts`).
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InputError } from '../errors.ts';
import { writeFileAtomically } from '../files/atomic-file.ts';
import { formatPythonJson, PythonJsonError, parsePythonJson } from './python-json.ts';

/** Size limit of text files. The largest known vocabulary has 10 MB; a config has a few kilobytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Size limit of configs. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/**
 * Parses the JSON file at `path`. Throws an InputError when the file is missing, larger than `maxBytes`, not UTF-8 or
 * not JSON; the error quotes none of the file's content. The size is checked before anything is read.
 */
export async function readJsonFile(
  path: string,
  { maxBytes = MAX_BYTES }: { maxBytes?: number | undefined } = {},
): Promise<unknown> {
  const text = await readTextFile(path, { maxBytes });
  try {
    return parsePythonJson(text);
  } catch (error) {
    if (!(error instanceof PythonJsonError)) throw error;
    throw new InputError(`${path}: expected JSON, got text that does not parse: ${error.message}`);
  }
}

/** Reads the UTF-8 text file at `path`, with the errors of `readJsonFile`. */
export async function readTextFile(
  path: string,
  { maxBytes = MAX_BYTES }: { maxBytes?: number | undefined } = {},
): Promise<string> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `${path}: expected a readable file, got ${error.code === 'ENOENT' ? 'nothing there' : error.code}`,
    );
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new InputError(`${path}: expected a readable file, got something else`);
    if (found.size > maxBytes) throw new InputError(`${path}: expected at most ${maxBytes} bytes, got ${found.size}`);
    const bytes = await file.readFile();
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw new InputError(`${path}: expected UTF-8 text, got bytes that are not`);
    }
  } finally {
    await file.close();
  }
}

/**
 * Writes `value` as indented JSON that Python reads. The file is written atomically and fsynced; a missing folder is
 * created.
 */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeTextFile(path, `${formatPythonJson(value)}\n`);
}

/** Writes `text` to the file atomically and with fsync; a missing folder is created. */
export async function writeTextFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomically(path, text);
}
