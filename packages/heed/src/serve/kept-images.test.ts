// Pictures behind addresses: there for a time, and never more of them than memory is set aside for.
import { expect, it } from 'vitest';
import { createKeptImages } from './kept-images.ts';

const file = (bytes: number) => ({ bytes: new Uint8Array(bytes), type: 'image/png' });

it('forgets pictures after their time', () => {
  let nowMs = 0;
  const kept = createKeptImages({ ttlMs: 100, maxBytes: 1000, nowMs: () => nowMs });
  const name = kept.add(file(10));
  nowMs = 99;
  expect(kept.get(name)?.bytes).toHaveLength(10);
  nowMs = 100;
  expect(kept.get(name)).toBeUndefined();
});

it('forgets the oldest first where they are too many', () => {
  const kept = createKeptImages({ ttlMs: 100, maxBytes: 25, nowMs: () => 0 });
  const names = [10, 10, 10].map((bytes) => kept.add(file(bytes)));
  expect(names.map((name) => kept.get(name) !== undefined)).toEqual([false, true, true]);
  const huge = kept.add(file(26));
  expect([...names, huge].map((name) => kept.get(name) !== undefined)).toEqual([false, false, false, false]);
});

it('gives names that are not to be guessed', () => {
  const kept = createKeptImages({ ttlMs: 100, maxBytes: 1000 });
  const names = Array.from({ length: 20 }, () => kept.add(file(1)));
  expect(new Set(names).size).toBe(20);
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{32}$/);
  expect(kept.get('constructor')).toBeUndefined();
});
