// The vector cache on a real disk: what was added is there after reopening, and torn ends are cut away.
import { appendFile, mkdtemp, readdir, rename, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fillVectorCache, openVectorCache } from './vector-cache.ts';
import { openVectorPart } from './vector-parts.ts';

const cachePath = async () => join(await mkdtemp(join(tmpdir(), 'heed-cache-')), 'nested', 'vectors');

it('keeps rows across openings', async () => {
  const path = await cachePath();
  const first = await openVectorCache(path, { length: 2 });
  await first.add(['a', 'b\n"ü'], Float32Array.of(1, 2, 3, 4));
  await first.add(['a', 'c', 'c'], Float32Array.of(9, 9, 5, 6, 7, 8));
  await first.close();
  const second = await openVectorCache(path, { length: 2 });
  expect(second.size).toBe(3);
  expect(await second.get('a')).toEqual(Float32Array.of(1, 2));
  expect(await second.get('b\n"ü')).toEqual(Float32Array.of(3, 4));
  expect(await second.get('c')).toEqual(Float32Array.of(5, 6));
  expect(await second.get('d')).toBeUndefined();
  await second.close();
});

it.each([
  ['a torn row', (path: string) => truncate(`${path}.f32`, 12)],
  ['a torn key', async (path: string) => truncate(`${path}.keys.jsonl`, (await stat(`${path}.keys.jsonl`)).size - 2)],
  ['a row without a key', (path: string) => appendFile(`${path}.f32`, new Uint8Array(5))],
])('survives %s', async (_, damage) => {
  const path = await cachePath();
  const first = await openVectorCache(path, { length: 2 });
  await first.add(['a', 'b'], Float32Array.of(1, 2, 3, 4));
  await first.close();
  await damage(path);
  const second = await openVectorCache(path, { length: 2 });
  await fillVectorCache(second, ['a', 'b', 'c'], {
    batchSize: 1,
    compute: async ([i]) => new Float32Array(2).fill(i! + 10),
  });
  expect(await second.get('a')).toEqual(Float32Array.of(1, 2));
  expect((await second.get('b'))![0]).toBeOneOf([3, 11]);
  expect(await second.get('c')).toEqual(Float32Array.of(12, 12));
  await second.close();
});

it('computes each missing key once, in batches', async () => {
  const cache = await openVectorCache(await cachePath(), { length: 1 });
  await cache.add(['x'], Float32Array.of(0));
  const batches: number[][] = [];
  const keys = ['a', 'x', 'b', 'a', 'c'];
  const compute = async (indices: readonly number[]) => {
    batches.push([...indices]);
    return Float32Array.from(indices);
  };
  await fillVectorCache(cache, keys, { batchSize: 2, compute });
  await fillVectorCache(cache, keys, { batchSize: 2, compute });
  expect(batches).toEqual([[0, 2], [4]]);
  await cache.close();
});

it('writes nothing after the rows of another writer', async () => {
  const path = await cachePath();
  const first = await openVectorCache(path, { length: 1 });
  const second = await openVectorCache(path, { length: 1 });
  await first.add(['a'], Float32Array.of(1));
  await expect(second.add(['b'], Float32Array.of(2))).rejects.toThrow(
    /expected 0 rows, those that this command read or wrote, found 1; another command/,
  );
  await Promise.all([first.close(), second.close()]);
  const third = await openVectorCache(path, { length: 1 });
  expect([third.size, await third.get('a')]).toEqual([1, Float32Array.of(1)]);
  await third.close();
});

it('takes in the rows of shards, each key once, and removes the parts that are over', async () => {
  const path = await cachePath();
  const cache = await openVectorCache(path, { length: 2 });
  await cache.add(['a'], Float32Array.of(1, 2));
  await cache.close();
  const one = await openVectorPart(path, { length: 2 });
  expect([one.has('a'), one.has('b')]).toEqual([true, false]);
  await one.add(['b', 'c'], Float32Array.of(3, 4, 5, 6));
  const other = await openVectorPart(path, { length: 2 });
  expect(other.has('b')).toBe(true);
  await other.add(['c', 'd'], Float32Array.of(5, 6, 7, 8));
  await one.close();
  // The other part belongs to a process that runs: its rows are taken, and it stays.
  const during = await openVectorCache(path, { length: 2 });
  expect(during.size).toBe(4);
  await during.close();
  const parts = await readdir(`${path}.parts`);
  expect(parts).toHaveLength(2);
  await other.add(['e'], Float32Array.of(9, 10));
  // The process of a part that was never closed has ended: no process of this system has that id.
  for (const name of parts) {
    const ended = name.replace(/^\d+-\d*/, `${2 ** 22 + 1}-1`);
    await rename(join(`${path}.parts`, name), join(`${path}.parts`, ended));
  }
  const after = await openVectorCache(path, { length: 2 });
  expect(after.size).toBe(5);
  for (const [i, key] of ['a', 'b', 'c', 'd', 'e'].entries()) {
    expect(await after.get(key)).toEqual(Float32Array.of(2 * i + 1, 2 * i + 2));
  }
  await after.close();
  expect(await readdir(`${path}.parts`)).toEqual([]);
});
