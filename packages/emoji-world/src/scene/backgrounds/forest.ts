// A forest: ranks of conifers, pale at the back and dark in front, over a mossy floor.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between } from '../../sampling.ts';
import type { Canvas, Rgb } from '../canvas.ts';
import { fillBelow, fillEllipse, fillGradient, fillPolygon, fillRectangle, mix } from '../canvas.ts';

const MIST: Rgb = [206, 226, 196];
const NEEDLES: Rgb = [16, 74, 40];
const TRUNK: Rgb = [84, 56, 34];

/** Paints the forest over the whole canvas. */
export function paintForest(canvas: Canvas, random: RandomGenerator): void {
  fillGradient(canvas, mix([176, 214, 206], [224, 234, 190], random.uniform()), MIST, 0, 48);
  for (const [rank, depth] of [0.55, 0.28, 0].entries()) {
    const foot = 36 + rank * 7 + between(random, -1, 1);
    const height = 22 + rank * 7;
    const colour = mix(NEEDLES, MIST, depth);
    const step = 8 + rank * 3;
    for (let x = between(random, -4, 2); x < canvas.width + 6; x += step * between(random, 0.8, 1.25)) {
      // The front rank leaves the middle of the picture open.
      if (rank === 2 && x > 17 && x < 47) continue;
      paintConifer(canvas, x, foot, height * between(random, 0.8, 1.15), colour, mix(TRUNK, MIST, depth));
    }
    if (rank === 1) fillBelow(canvas, (x) => 45 + Math.sin(x / 9) * 1.2, [86, 122, 56], [44, 78, 38]);
  }
  for (let i = 0; i < 14; i++) {
    const [x, y] = [between(random, 0, 64), between(random, 50, 64)];
    fillEllipse(canvas, [x, y], [between(random, 1, 3), 0.9], [112, 148, 66], { opacity: 0.5 });
  }
}

function paintConifer(canvas: Canvas, x: number, foot: number, height: number, colour: Rgb, trunk: Rgb): void {
  const width = height * 0.42;
  fillRectangle(canvas, [x - width * 0.08, foot - 2], [x + width * 0.08, foot + height * 0.12], trunk);
  for (const [start, share] of [
    [0, 0.6],
    [0.22, 0.8],
    [0.48, 1],
  ] as const) {
    const top = foot - height + height * start;
    const bottom = foot - height * 0.62 + height * start * 1.18;
    const half = (width / 2) * share;
    fillPolygon(
      canvas,
      [
        [x, top],
        [x + half, bottom],
        [x - half, bottom],
      ],
      mix(colour, [0, 0, 0], start * 0.22),
    );
  }
}
