// Grids pixel by pixel.
import { expect, it } from 'vitest';
import { composeGrid } from './grid.ts';

const dot = (value: number) => ({ width: 1, height: 1, data: new Uint8Array(3).fill(value) });

it('lays images out in rows with a white gap', () => {
  const { width, height, data } = composeGrid([dot(1), dot(2), dot(3)], { columns: 2, gapPx: 1 });
  expect([width, height]).toEqual([3, 3]);
  const red = Array.from({ length: 9 }, (_, i) => data[3 * i]);
  expect(red).toEqual([1, 255, 2, 255, 255, 255, 3, 255, 255]);
});

it('refuses nothing and mixed sizes', () => {
  expect(() => composeGrid([], { columns: 2 })).toThrow('expected at least one image');
  const wide = { width: 2, height: 1, data: new Uint8Array(6) };
  expect(() => composeGrid([dot(1), wide], { columns: 2 })).toThrow('expected images of 1 x 1, got 2 x 1');
});
