/**
 * Stores vectors in two files: a `.f32` file of rows of equal length, and a `.keys.jsonl` file with the rows' keys in
 * order. Append-only.
 */
import { type FileHandle, mkdir, open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HeedError } from '../errors.ts';

/** An open cache; one process writes it at a time. */
export interface VectorCache {
  readonly length: number;
  readonly size: number;
  has(key: string): boolean;
  /** The row of `key`, or undefined. */
  get(key: string): Promise<Float32Array | undefined>;
  /**
   * Appends rows; `rows` holds `keys.length * length` numbers. The row of an existing key is left unchanged. Throws
   * when another process has added rows since this cache was opened.
   */
  add(keys: readonly string[], rows: Float32Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens or creates `<path>.f32` and `<path>.keys.jsonl`. An incomplete row at the end, left by a crash, is cut off. */
export async function openVectorFile(path: string, options: { length: number }): Promise<VectorCache> {
  const { length } = options;
  const rowBytes = length * Float32Array.BYTES_PER_ELEMENT;
  await mkdir(dirname(path), { recursive: true });
  const data = await open(`${path}.f32`, 'a+');
  const keysPath = `${path}.keys.jsonl`;
  const rowOfKey = new Map<string, number>();
  let keptBytes = 0;
  const wholeRows = Math.floor((await data.stat()).size / rowBytes);
  for (const { key, bytes } of await readKeys(keysPath)) {
    if (rowOfKey.size >= wholeRows) break;
    rowOfKey.set(key, rowOfKey.size);
    keptBytes += bytes;
  }
  await truncate(`${path}.f32`, rowOfKey.size * rowBytes);
  const keys = await open(keysPath, 'a');
  await keys.truncate(keptBytes);

  return {
    length,
    get size() {
      return rowOfKey.size;
    },
    has: (key) => rowOfKey.has(key),
    async get(key) {
      const row = rowOfKey.get(key);
      return row === undefined ? undefined : readRow(data, { row, length });
    },
    async add(newKeys, rows) {
      if (rows.length !== newKeys.length * length) {
        throw new Error(
          `vector cache ${path}: expected ${newKeys.length} rows of ${length} numbers, got ${rows.length} numbers`,
        );
      }
      // The keys record row positions. Rows that another writer appends would shift them.
      const { size: bytes } = await data.stat();
      if (bytes !== rowOfKey.size * rowBytes) {
        throw new HeedError(
          `${path}.f32: expected ${rowOfKey.size} rows, those that this command read or wrote, found ${bytes / rowBytes}; another command of the project embeds at the same time: run this one again when it is done`,
        );
      }
      const fresh = newKeys.flatMap((key, i) => (rowOfKey.has(key) || newKeys.indexOf(key) !== i ? [] : [{ key, i }]));
      const packed = new Float32Array(fresh.length * length);
      fresh.forEach(({ i }, at) => {
        packed.set(rows.subarray(i * length, (i + 1) * length), at * length);
      });
      // Rows first: a key without its row would be a lie, a row without its key is cut away at the next opening.
      await data.appendFile(new Uint8Array(packed.buffer));
      await keys.appendFile(fresh.map(({ key }) => `${JSON.stringify(key)}\n`).join(''));
      for (const { key } of fresh) rowOfKey.set(key, rowOfKey.size);
    },
    async close() {
      await data.close();
      await keys.close();
    },
  };
}

/** Reads the keys of all complete lines, and the number of bytes of these lines. */
export async function readKeys(keysPath: string): Promise<{ key: string; bytes: number }[]> {
  const text = await readFile(keysPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const keys: { key: string; bytes: number }[] = [];
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const key = parseKey(line);
    if (key === undefined) break;
    keys.push({ key, bytes: Buffer.byteLength(line) + 1 });
  }
  return keys;
}

async function readRow(file: FileHandle, options: { row: number; length: number }): Promise<Float32Array> {
  const values = new Float32Array(options.length);
  const { bytesRead } = await file.read(new Uint8Array(values.buffer), { position: options.row * values.byteLength });
  if (bytesRead !== values.byteLength) {
    throw new Error(`vector cache: expected ${values.byteLength} bytes in row ${options.row}, got ${bytesRead}`);
  }
  return values;
}

function parseKey(line: string): string | undefined {
  try {
    const key: unknown = JSON.parse(line);
    return typeof key === 'string' ? key : undefined;
  } catch {
    return undefined;
  }
}
