/**
 * Parts of a vector cache, each written by a shard: `<path>.parts/<process>.<attempt>.f32` and a file of its keys. When
 * the cache is next opened, the rows of all parts are merged into the cache. A part is removed when its process has
 * closed it or is proved to have ended.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { processMark, readShortMark, shortMark, stateOf } from '@heed/diffusion/process-mark';
import { openVectorFile, readKeys, type VectorCache } from './vector-file.ts';

const KEYS = '.keys.jsonl';
const CLOSED = '.closed';

/**
 * Opens a new, separate part. `has` is also true for keys in the cache or in another part, but `get` reads only the
 * part's own rows.
 */
export async function openVectorPart(path: string, options: { length: number }): Promise<VectorCache> {
  const known = new Set((await readKeys(`${path}${KEYS}`)).map(({ key }) => key));
  for (const part of await partsOf(path)) for (const { key } of await readKeys(`${part}${KEYS}`)) known.add(key);
  const own = join(`${path}.parts`, `${shortMark(processMark(process.pid))}.${randomUUID().slice(0, 8)}`);
  const part = await openVectorFile(own, options);
  return {
    length: part.length,
    get size() {
      return part.size;
    },
    has: (key) => known.has(key) || part.has(key),
    get: (key) => part.get(key),
    add: (keys, rows) => part.add(keys, rows),
    async close() {
      await part.close();
      await writeFile(`${own}${CLOSED}`, '');
    },
  };
}

/** Adds the rows of all parts to the cache at `path`. */
export async function takeInParts(cache: VectorCache, path: string, options: { length: number }): Promise<void> {
  for (const part of await partsOf(path)) {
    // Looked at before the rows are read: what is written later must not be removed.
    const isOver = existsSync(`${part}${CLOSED}`) || hasEnded(part);
    await takeInPart(cache, part, options);
    if (!isOver) continue;
    for (const end of ['.f32', KEYS, CLOSED]) await rm(`${part}${end}`, { force: true });
  }
}

async function partsOf(path: string): Promise<string[]> {
  const folder = `${path}.parts`;
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => name.endsWith(KEYS)).map((name) => join(folder, name.slice(0, -KEYS.length)));
}

async function takeInPart(cache: VectorCache, part: string, { length }: { length: number }): Promise<void> {
  const keys = (await readKeys(`${part}${KEYS}`)).map(({ key }) => key);
  const rowBytes = length * Float32Array.BYTES_PER_ELEMENT;
  const file = await open(`${part}.f32`, 'r');
  try {
    const whole = Math.min(keys.length, Math.floor((await file.stat()).size / rowBytes));
    for (let start = 0; start < whole; start += ROWS_AT_ONCE) {
      const rows = new Float32Array(length * Math.min(ROWS_AT_ONCE, whole - start));
      await file.read(new Uint8Array(rows.buffer), { position: start * rowBytes });
      await cache.add(keys.slice(start, start + ROWS_AT_ONCE), rows);
    }
  } finally {
    await file.close();
  }
}

const ROWS_AT_ONCE = 256;

/** Whether the process of a part has ended; the part's name begins with the mark of that process. */
function hasEnded(part: string): boolean {
  const mark = readShortMark(basename(part).split('.')[0]!);
  return mark !== undefined && stateOf(mark) === 'dead';
}
