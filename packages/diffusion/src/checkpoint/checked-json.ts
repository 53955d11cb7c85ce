/**
 * Reads heed's own JSON files, checked against a schema. A damaged file throws an `InputError` that names the file but
 * quotes none of its content, because a path can lead to any private file.
 */
import { open } from 'node:fs/promises';
import type { z } from 'zod';
import { InputError } from '../errors.ts';

const MAX_BYTES = 256 * 1024 * 1024;

/** The expected content of a file; error messages call this content `what`. */
export interface JsonContent<Schema extends z.ZodType> {
  readonly what: string;
  readonly schema: Schema;
}

/**
 * Reads and checks the file at `path`. Throws an `InputError` when the file is missing, longer than 256 MiB or damaged.
 */
export async function readCheckedJson<Schema extends z.ZodType>(
  path: string,
  content: JsonContent<Schema>,
): Promise<z.output<Schema>> {
  const found = await findCheckedJson(path, content);
  if (found === undefined) throw new InputError(`${path}: expected ${content.what}, found no such file`);
  return found;
}

/** Like `readCheckedJson`, but returns undefined when there is no such file. */
export async function findCheckedJson<Schema extends z.ZodType>(
  path: string,
  content: JsonContent<Schema>,
): Promise<z.output<Schema> | undefined> {
  const bytes = await readIfThere(path, content.what);
  if (bytes === undefined) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(`${path}: expected ${content.what}, got bytes that are not UTF-8`);
  }
  return parseCheckedJson(text, { path, ...content });
}

/** Parses and checks `text`; error messages name `path` as the origin of the text. */
export function parseCheckedJson<Schema extends z.ZodType>(
  text: string,
  { path, what, schema }: JsonContent<Schema> & { path: string },
): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`${path}: expected ${what}, got text that is not JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') || 'the whole file';
  throw new InputError(`${path}: expected ${what}, got a bad value in ${field}`);
}

async function readIfThere(path: string, what: string): Promise<Uint8Array | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new InputError(`${path}: expected ${what}, got something that is not a file`);
    if (found.size > MAX_BYTES) {
      throw new InputError(`${path}: expected ${what} of at most ${MAX_BYTES} bytes, got ${found.size}`);
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}
