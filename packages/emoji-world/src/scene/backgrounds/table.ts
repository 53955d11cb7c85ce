// A table: a wooden top seen from the front and a little above, on two legs, in a room with a papered wall.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between, pick } from '../../sampling.ts';
import type { Canvas, Rgb } from '../canvas.ts';
import { fillGradient, fillPolygon, fillRectangle, mix, strokeLine } from '../canvas.ts';

const WALLS: readonly Rgb[] = [
  [236, 218, 190],
  [206, 222, 214],
  [226, 206, 206],
  [212, 214, 232],
];
const WOODS: readonly Rgb[] = [
  [176, 112, 60],
  [196, 136, 78],
  [150, 92, 52],
];

/** Paints the room and its table over the whole canvas. */
export function paintTable(canvas: Canvas, random: RandomGenerator): void {
  const wall = pick(random, WALLS);
  fillGradient(canvas, wall, mix(wall, [120, 110, 110], 0.12), 0, 50);
  const stripe = between(random, 5, 8);
  for (let x = between(random, -stripe, 0); x < 64; x += stripe * 2) {
    fillRectangle(canvas, [x, 0], [x + stripe, 46], mix(wall, [255, 255, 255], 0.4));
  }
  const floor = mix(wall, [84, 76, 84], 0.6);
  fillGradient(canvas, floor, mix(floor, [0, 0, 0], 0.25), 46, 64);
  const wood = pick(random, WOODS);
  const [back, front] = [between(random, 27, 32), between(random, 50, 53)];
  const dark = mix(wood, [40, 20, 8], 0.45);
  for (const x of [5, 54]) fillRectangle(canvas, [x, front], [x + 5, 64], dark);
  fillPolygon(
    canvas,
    [
      [9, back],
      [55, back],
      [63, front],
      [1, front],
    ],
    wood,
  );
  // Planks run away from the eye, so they fan out towards the front edge.
  for (let i = 1; i < 6; i++) {
    strokeLine(canvas, [9 + (46 * i) / 6, back], [1 + (62 * i) / 6, front], 0.8, dark, 0.55);
  }
  strokeLine(canvas, [9, back], [55, back], 1, mix(wood, [255, 240, 210], 0.5));
  fillRectangle(canvas, [1, front], [63, front + 3.5], mix(wood, [50, 26, 10], 0.35));
  fillRectangle(canvas, [1, front], [63, front + 0.9], mix(wood, [255, 240, 210], 0.45));
}
