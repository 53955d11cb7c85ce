import { expect, test } from 'vitest';
import type { Canvas, Rgb } from './canvas.ts';
import {
  createCanvas,
  fillBelow,
  fillEllipse,
  fillGradient,
  fillPolygon,
  fillRectangle,
  strokeLine,
} from './canvas.ts';

const WHITE: Rgb = [255, 255, 255];

/** How many pixels' worth of white lie on a black canvas. */
function area({ data }: Canvas): number {
  return data.reduce((total, value) => total + value, 0) / (255 * 3);
}

test('shapes cover the area geometry says, wherever their edges fall', () => {
  const ellipse = createCanvas(32, 32);
  fillEllipse(ellipse, [15.3, 16.7], [10, 10], WHITE);
  expect(area(ellipse)).toBeCloseTo(Math.PI * 100, -0.5);

  const rectangle = createCanvas(32, 32);
  fillRectangle(rectangle, [2.25, 3.5], [10.75, 9.25], WHITE);
  expect(area(rectangle)).toBeCloseTo(8.5 * 5.75, 3);

  const triangle = createCanvas(32, 32);
  fillPolygon(
    triangle,
    [
      [3, 3],
      [29, 3],
      [16, 27],
    ],
    WHITE,
  );
  expect(area(triangle)).toBeCloseTo((26 * 24) / 2, 0);

  const below = createCanvas(32, 32);
  fillBelow(below, () => 20.4, WHITE);
  expect(area(below)).toBeCloseTo(32 * 11.6, 2);
});

test('a line is as thick as asked for', () => {
  const canvas = createCanvas(64, 16);
  strokeLine(canvas, [8, 8], [56, 8], 3, WHITE);
  const column = Array.from({ length: 16 }, (_, y) => canvas.data[(y * 64 + 32) * 3]! / 255);
  expect(column.reduce((a, b) => a + b, 0)).toBeCloseTo(3, 1);
});

test('shapes beyond the edge are clipped, not wrapped', () => {
  const canvas = createCanvas(8, 8);
  fillEllipse(canvas, [-20, 4], [6, 6], WHITE);
  fillRectangle(canvas, [9, 9], [20, 20], WHITE);
  strokeLine(canvas, [-9, -9], [-3, -3], 2, WHITE);
  expect(area(canvas)).toBe(0);
  fillRectangle(canvas, [-5, -5], [50, 50], WHITE);
  expect(area(canvas)).toBe(64);
});

test('a gradient runs from the first colour to the second', () => {
  const canvas = createCanvas(1, 100);
  fillGradient(canvas, [0, 0, 0], [200, 100, 50]);
  expect(canvas.data[0]).toBeCloseTo(1, 0);
  expect(canvas.data[99 * 3]).toBeCloseTo(199, 0);
  expect(canvas.data[50 * 3 + 1]).toBeCloseTo(50.5, 1);
});
