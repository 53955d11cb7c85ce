// Numbers on the axes of charts.
import { expect, it } from 'vitest';
import { linearScale, tickText, valueText } from './scale.ts';

it.each([
  [0.0008, 0.001],
  [0, 0],
  [1_200_000, 1_350_000],
  [-3e-5, 2e-5],
  [0.3, 0.3],
])('tell the ticks between %d and %d apart', (lo, hi) => {
  const texts = linearScale([lo, hi], [0, 100], { count: 4 }).ticks.map(tickText);
  expect(texts.length).toBeGreaterThan(2);
  expect(new Set(texts).size).toBe(texts.length);
});

it('have four digits where they are values', () => {
  expect([0, 1.23456, 0.000123456, -0.00025, 1_234_567, 12_300].map(valueText)).toEqual([
    '0',
    '1.235',
    '1.235e−4',
    '−2.5e−4',
    '1.235e6',
    '12.3k',
  ]);
});
