/**
 * Streams a folder as an uncompressed tar archive (POSIX ustar), for downloads of models, whose weights hardly
 * compress. The archive contains only files and folders; links are followed.
 */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { InputError } from '../errors.ts';

const BLOCK = 512;
const MAX_SIZE = 8 ** 11;

interface Entry {
  readonly path: string;
  /** Name in the archive, with slashes. */
  readonly name: string;
  readonly bytes: number;
  readonly seconds: number;
}

/** The archive's size in bytes, and its content as a stream. Every name in the archive begins with `root`. */
export async function tarFolder(
  folder: string,
  { root }: { root: string },
): Promise<{ bytes: number; content: AsyncGenerator<Uint8Array> }> {
  const entries: Entry[] = [];
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const path of found.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    const { size, mtimeMs, isFile } = await describe(path);
    if (!isFile) continue;
    const name = `${root}/${relative(folder, path).split(sep).join('/')}`;
    entries.push({ path, name, bytes: size, seconds: Math.floor(mtimeMs / 1000) });
  }
  const bytes = entries.reduce((total, entry) => total + BLOCK + padded(entry.bytes), 2 * BLOCK);
  return { bytes, content: contentOf(entries) };
}

async function describe(path: string) {
  const found = await stat(path);
  return { size: found.size, mtimeMs: found.mtimeMs, isFile: found.isFile() };
}

async function* contentOf(entries: readonly Entry[]): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield headerOf(entry);
    if (entry.bytes === 0) continue;
    // If a file grows meanwhile, only its original length is sent.
    yield* createReadStream(entry.path, { end: entry.bytes - 1 });
    yield new Uint8Array(padded(entry.bytes) - entry.bytes);
  }
  yield new Uint8Array(2 * BLOCK);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK;
}

function headerOf({ name, bytes, seconds }: Entry): Uint8Array {
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number) => header.write(text, at, 'utf8');
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  if (bytes >= MAX_SIZE)
    throw new InputError(`expected a file of less than 8 GiB for a tar archive, got ${bytes} bytes`);
  const at = Buffer.byteLength(name) <= 100 ? -1 : name.lastIndexOf('/', 155);
  const [prefix, rest] = at < 0 ? ['', name] : [name.slice(0, at), name.slice(at + 1)];
  if (Buffer.byteLength(rest) > 100)
    throw new InputError(`expected a shorter file name for a tar archive, got ${name}`);
  put(rest, 0);
  put(`${octal(0o644, 7)}\0`, 100);
  put(`${octal(0, 7)}\0${octal(0, 7)}\0`, 108);
  put(`${octal(bytes, 11)}\0${octal(seconds, 11)}\0`, 124);
  put('        ', 148);
  put('0', 156);
  put('ustar\x0000', 257);
  put(prefix, 345);
  put(
    `${octal(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
    148,
  );
  return header;
}
