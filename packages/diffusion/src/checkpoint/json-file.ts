/** Reading and writing the small text and JSON files of a model folder. What the JSON means is the config's or the tokenizer's affair. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** The largest vocabulary known is 10 MB; a config is a few kilobytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Parses the JSON file at `path`. Throws one sentence when it is missing, larger than `maxBytes`, not UTF-8 or not JSON.
 * The size is checked before anything is read.
 */
export async function readJsonFile(
  path: string,
  { maxBytes = MAX_BYTES }: { maxBytes?: number } = {},
): Promise<unknown> {
  const text = await readTextFile(path, { maxBytes });
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`${path}: expected JSON, got text that does not parse: ${firstLine(error)}`);
  }
}

/** Reads the UTF-8 text file at `path`, with the errors of `readJsonFile`. */
export async function readTextFile(
  path: string,
  { maxBytes = MAX_BYTES }: { maxBytes?: number } = {},
): Promise<string> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `${path}: expected a readable file, got ${error.code === 'ENOENT' ? 'nothing there' : firstLine(error)}`,
    );
  });
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw new Error(`${path}: expected at most ${maxBytes} bytes, got ${size}`);
    const bytes = await file.readFile();
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw new Error(`${path}: expected UTF-8 text, got bytes that are not`);
    }
  } finally {
    await file.close();
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}

/** Writes `value` as JSON, indented, atomically and fsynced; makes the folder when it is missing. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeTextFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes `text` atomically and fsynced; makes the folder when it is missing. */
export async function writeTextFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, text);
}
