// Streams: every pass holds everything once, in an order of its own, from wherever one begins.
import { expect, it } from 'vitest';
import { createShuffledStream } from './stream.ts';

it('visits everything once a pass and can begin anywhere', () => {
  const stream = createShuffledStream({ name: 'model', size: 7, seed: 3 });
  const all = stream.at(0, 21);
  const passes = [all.slice(0, 7), all.slice(7, 14), all.slice(14)];
  for (const pass of passes) expect([...pass].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(passes[0]).not.toEqual(passes[1]);
  const again = createShuffledStream({ name: 'model', size: 7, seed: 3 });
  expect(again.at(5, 10)).toEqual(all.slice(5, 15));
  expect(createShuffledStream({ name: 'other', size: 7, seed: 3 }).at(0, 7)).not.toEqual(passes[0]);
  expect(createShuffledStream({ name: 'model', size: 7, seed: 4 }).at(0, 7)).not.toEqual(passes[0]);
});

it('refuses an empty list', () => {
  expect(() => createShuffledStream({ name: 'model', size: 0, seed: 1 })).toThrow('expected at least one item, got 0');
});
