// Wilson's interval against the values that Newcombe printed (Statistics in Medicine 17, 1998, table I, method 3).
import { expect, it } from 'vitest';
import { wilsonInterval } from './wilson.ts';

it.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('of %d in %d', (hits, count, lo, hi) => {
  const interval = wilsonInterval(hits, count);
  expect(interval.mean).toBe(hits / count);
  expect(interval.lo).toBeCloseTo(lo, 4);
  expect(interval.hi).toBeCloseTo(hi, 4);
});

it('needs something to count', () => {
  for (const [hits, count] of [
    [0, 0],
    [3, 2],
    [-1, 2],
  ] as const) {
    expect(() => wilsonInterval(hits, count)).toThrow(`got ${hits} of ${count}`);
  }
});
