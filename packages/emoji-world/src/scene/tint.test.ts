import { expect, test } from 'vitest';
import { readArt } from '../art/art-file.ts';
import { ART_STYLES } from '../art/styles.ts';
import { COLOURS } from '../vocabulary.ts';
import type { Rgb } from './canvas.ts';
import type { Sprite } from './sprite.ts';
import { rasterise, shrink } from './sprite.ts';
import { middleTone, tintTable } from './tint.ts';

/** Mean colour of a sprite after the tint, weighted by its alpha. */
function meanTinted({ levels, alpha }: Sprite, table: Float32Array): Rgb {
  const sum = [0, 0, 0];
  let weight = 0;
  for (let i = 0; i < levels.length; i++) {
    weight += alpha[i]!;
    for (let c = 0; c < 3; c++) sum[c] = sum[c]! + alpha[i]! * table[levels[i]! * 3 + c]!;
  }
  return [sum[0]! / weight, sum[1]! / weight, sum[2]! / weight];
}

function distance(a: Rgb, b: Rgb): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

test.each(ART_STYLES.map((s) => s.name))(
  'every drawing of %s comes out nearest to the colour it was given',
  async (style) => {
    for (const [object, drawing] of await readArt(style)) {
      const master = await rasterise(drawing);
      for (const size of [18, 40]) {
        const sprite = shrink(master, size);
        for (const colour of COLOURS) {
          const mean = meanTinted(sprite, tintTable(colour));
          const nearest = COLOURS.toSorted((a, b) => distance(mean, middleTone(a)) - distance(mean, middleTone(b)))[0];
          expect(`${object} ${nearest}`).toBe(`${object} ${colour}`);
          expect(distance(mean, middleTone(colour))).toBeLessThan(45);
        }
      }
    }
  },
);

test('the table runs from dark to light through the middle tone', () => {
  const table = tintTable('blue');
  expect(Array.from(table.subarray(128 * 3, 128 * 3 + 3))).toEqual([...middleTone('blue')]);
  for (let level = 1; level < 256; level++)
    expect(table[level * 3 + 1]).toBeGreaterThanOrEqual(table[(level - 1) * 3 + 1]!);
});
