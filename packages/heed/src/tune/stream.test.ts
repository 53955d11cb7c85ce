// Streams: every pass holds every index once, in a different order, whatever the start.
import { expect, it } from 'vitest';
import { createPairStream } from './pair-stream.ts';
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

it('gives an item places in proportion to its weight', () => {
  const weights = [0, 1, 2, 5, 0.5];
  const stream = createShuffledStream({ name: 'pretraining', size: 5, seed: 3, weights });
  const passes = 2000;
  const all = stream.at(0, 5 * passes);
  const counts = weights.map((_, item) => all.filter((index) => index === item).length);
  // A pass has 5 places for a weight of 8.5: each count is its share, rounded down or up.
  for (const [item, weight] of weights.entries()) {
    const share = (5 * weight) / 8.5;
    expect(counts[item]! / passes).toBeCloseTo(share, 1);
    for (let pass = 0; pass < 20; pass++) {
      const count = all.slice(5 * pass, 5 * pass + 5).filter((index) => index === item).length;
      expect([Math.floor(share), Math.ceil(share)]).toContain(count);
    }
  }
  const again = createShuffledStream({ name: 'pretraining', size: 5, seed: 3, weights });
  expect(again.at(13, 9)).toEqual(all.slice(13, 22));
});

it('refuses weights that leave nothing to draw', () => {
  const stream = createShuffledStream({ name: 'pretraining', size: 2, seed: 1, weights: [0, 0] });
  expect(() => stream.at(0, 1)).toThrow(
    'stream pretraining: expected weights of at least 0 and one above it, got a total of 0',
  );
});

it('pairs good with bad, and better with worse as raters preferred', () => {
  const samples = [
    { prompt: 'a', image: 'a0', label: 1 },
    { prompt: 'a', image: 'a1', label: 0 },
    { prompt: 'b', image: 'b0', beats: ['b1', 'b2', 'elsewhere'] },
    { prompt: 'b', image: 'b1' },
    { prompt: 'b', image: 'b2' },
  ];
  const stream = createPairStream({ samples, seed: 3 });
  expect(stream.size).toBe(3);
  const byGood = (pairs: ReturnType<typeof stream.at>) => pairs.map(({ good, bad }) => `${good}>${bad}`).sort();
  expect(byGood(stream.at(0, 3))).toEqual(['0>1', '2>3', '2>4']);
  expect(byGood(stream.at(3, 3))).toEqual(['0>1', '2>3', '2>4']);
});
