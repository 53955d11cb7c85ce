import { expect, test } from 'vitest';
import { rasterise, shrink } from './sprite.ts';

const DISC = {
  icon: 'disc',
  viewBox: [0, 0, 32, 32] as [number, number, number, number],
  body: '<circle cx="12" cy="12" r="8" fill="#f00"/>',
};
const BAR = { ...DISC, icon: 'bar', body: '<rect x="2" y="12" width="28" height="7" fill="#00f"/>' };

test('a drawing is cut to its ink and keeps its colour up to the rim', async () => {
  const sprite = shrink(await rasterise(DISC), 20);
  expect([sprite.width, sprite.height]).toEqual([20, 20]);
  expect(sprite.alpha[10 * 20 + 10]).toBeCloseTo(1, 3);
  expect(sprite.alpha[0]).toBe(0);
  const area = sprite.alpha.reduce((a, b) => a + b, 0);
  expect(area).toBeGreaterThan(Math.PI * 100 * 0.97);
  expect(area).toBeLessThan(Math.PI * 100 * 1.03);
  for (let i = 0; i < sprite.alpha.length; i++)
    if (sprite.alpha[i]! > 0.05) expect(sprite.rgb[i * 3]).toBeGreaterThan(240);
});

test('slender drawings get a little more length', async () => {
  const sprite = shrink(await rasterise(BAR), 20);
  expect(sprite.width).toBe(25);
  expect(sprite.width / sprite.height).toBeCloseTo(4, 0);
});

test('the outline is one pixel wider on every side', async () => {
  const { width, height, alpha, outline } = shrink(await rasterise(DISC), 20);
  expect(outline.length).toBe((width + 2) * (height + 2));
  const solid = (values: Float32Array) => values.filter((v) => v > 0.5).length;
  // A ring of one pixel about a circle of radius 10.
  expect(solid(outline) - solid(alpha)).toBeGreaterThan(45);
  expect(solid(outline) - solid(alpha)).toBeLessThan(90);
});

test('a drawing without ink is refused by name', async () => {
  await expect(rasterise({ ...DISC, icon: 'ghost', body: '' })).rejects.toThrow("'ghost'");
});
