import { createRandom } from '@heed/diffusion/autodiff';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Box } from './layout.ts';
import { placeBoxes } from './layout.ts';

/** Pixels between two boxes along the axis on which they are furthest apart; negative when they overlap. */
function gapBetween(a: Box, b: Box): number {
  const horizontal = Math.max(a.left - (b.left + b.width), b.left - (a.left + a.width));
  const vertical = Math.max(a.top - (b.top + b.height), b.top - (a.top + a.height));
  return Math.max(horizontal, vertical);
}

test('boxes keep their size, their distance and a pixel from the edge', () => {
  const side = fc.integer({ min: 10, max: 20 });
  const extents = fc.array(fc.record({ width: side, height: side }), { minLength: 1, maxLength: 6 });
  let placed = 0;
  fc.assert(
    fc.property(extents, fc.integer(), (sizes, seed) => {
      const boxes = placeBoxes(sizes, { canvasSize: 64, gap: 3, random: createRandom(seed) });
      if (!boxes) return;
      placed++;
      const key = ({ width, height }: { width: number; height: number }) => `${width}x${height}`;
      expect(boxes.map(key)).toEqual(sizes.map(key));
      for (const [i, box] of boxes.entries()) {
        expect(Math.min(box.left, box.top)).toBeGreaterThanOrEqual(1);
        expect(Math.max(box.left + box.width, box.top + box.height)).toBeLessThanOrEqual(63);
        for (const other of boxes.slice(i + 1)) expect(gapBetween(box, other)).toBeGreaterThanOrEqual(3);
      }
    }),
    { numRuns: 400 },
  );
  expect(placed).toBeGreaterThan(200);
});

test('places vary: this is no grid', () => {
  const sizes = Array.from({ length: 4 }, () => ({ width: 17, height: 17 }));
  const seen = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const boxes = placeBoxes(sizes, { canvasSize: 64, gap: 4, random: createRandom(seed) });
    if (boxes) seen.add(boxes.map((b) => `${b.left},${b.top}`).join(' '));
  }
  expect(seen.size).toBeGreaterThan(45);
});

test('what has no room is refused', () => {
  const sizes = Array.from({ length: 6 }, () => ({ width: 40, height: 40 }));
  expect(placeBoxes(sizes, { canvasSize: 64, gap: 3, random: createRandom(1) })).toBeUndefined();
});
