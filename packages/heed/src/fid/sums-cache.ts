/**
 * A cache of complete or partial feature sums. With the cache, an interrupted measurement can resume, and the features
 * of a reference are computed only once. The cache is a folder of .npz archives, which can be deleted at any time.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { INCEPTION_FEATURES, InputError, readNpz, writeNpz } from '@heed/diffusion';
import type { MomentSums } from '../statistics/index.ts';

/** Number of entries that each cache folder (a user's or a project's) keeps. An entry of sums has 34 MB. */
const KEPT_ENTRIES = 16;
const ENTRY = /^((?:clip-|inception-)?[0-9a-f]{32})\./;

/** The cache folder for measurements outside a project. */
export function userSumsFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'heed', 'fid');
}

const pathOf = (folder: string, key: string) => join(folder, `${key}.npz`);

/** Loads the feature sums that are cached under `key`; undefined when there is no entry or the entry is damaged. */
export async function loadSums(folder: string, key: string): Promise<MomentSums | undefined> {
  const found = await readNpz(pathOf(folder, key), ['count', 'shift', 'sum', 'products']).catch((error: unknown) => {
    if (error instanceof InputError) return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  const [count, shift, sum, products] = found.map(({ data }) => data) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const size = INCEPTION_FEATURES;
  const isWhole = count.length === 1 && shift.length === size && sum.length === size && products.length === size * size;
  return isWhole ? { count: count[0]!, shift, sum, products } : undefined;
}

/** Writes the feature sums for `key` into the cache, atomically. */
export async function saveSums(
  folder: string,
  key: string,
  { count, shift, sum, products }: MomentSums,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const size = shift.length;
  await writeNpz(
    pathOf(folder, key),
    new Map([
      ['count', { shape: [1], data: Float64Array.of(count) }],
      ['shift', { shape: [size], data: shift }],
      ['sum', { shape: [size], data: sum }],
      ['products', { shape: [size, size], data: products }],
    ]),
  );
  await pruneCache(folder);
}

/**
 * Keeps the 16 entries that were written last and deletes the others. The limit covers feature sums and CLIP embeddings
 * together.
 */
export async function pruneCache(folder: string): Promise<void> {
  const newest = new Map<string, number>();
  const files = (await readdir(folder)).filter((name) => ENTRY.test(name));
  for (const name of files) {
    const entry = ENTRY.exec(name)![1]!;
    const time = (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0;
    newest.set(entry, Math.max(time, newest.get(entry) ?? 0));
  }
  const kept = new Set(
    [...newest]
      .sort(([, a], [, b]) => b - a)
      .slice(0, KEPT_ENTRIES)
      .map(([entry]) => entry),
  );
  for (const name of files) if (!kept.has(ENTRY.exec(name)![1]!)) await rm(join(folder, name), { force: true });
}
