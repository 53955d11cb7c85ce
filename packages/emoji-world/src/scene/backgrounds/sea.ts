// The sea: deep water with rows of waves to the horizon, now and then a sail.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between, chance } from '../../sampling.ts';
import type { Canvas } from '../canvas.ts';
import { fillBelow, fillEllipse, fillGradient, fillPolygon, mix, strokeLine } from '../canvas.ts';

/** Paints the sea over the whole canvas. */
export function paintSea(canvas: Canvas, random: RandomGenerator): void {
  const horizon = between(random, 12, 20);
  fillGradient(canvas, [156, 208, 240], [232, 244, 248], 0, horizon);
  fillEllipse(canvas, [between(random, 8, 56), horizon - 1], [5, 5], [255, 236, 170], { softness: 2 });
  const water = mix([18, 118, 180], [8, 142, 168], random.uniform());
  fillBelow(canvas, () => horizon, mix(water, [150, 214, 226], 0.35), mix(water, [2, 36, 96], 0.6));
  if (chance(random, 0.4)) paintSail(canvas, between(random, 8, 56), horizon + 2);
  for (let y = horizon + 3, row = 0; y < 66; y += 2.6 + row * 0.8, row++) {
    const length = 3 + row * 1.4;
    for (let x = between(random, -length, 0); x < 64; x += length * between(random, 1.6, 2.6)) {
      paintWave(canvas, x, y + between(random, -0.6, 0.6), length, between(random, 0.4, 0.85));
    }
  }
}

/** Draws one wave as a zigzag line with two peaks and a trough between the peaks. */
function paintWave(canvas: Canvas, x: number, y: number, length: number, opacity: number): void {
  const rise = length * 0.16;
  const points = [0, 0.25, 0.5, 0.75, 1].map((t, i) => [x + t * length, y - (i % 2 === 1 ? rise : 0)] as const);
  for (let i = 0; i + 1 < points.length; i++)
    strokeLine(canvas, points[i]!, points[i + 1]!, 0.9, [220, 244, 252], opacity);
}

function paintSail(canvas: Canvas, x: number, y: number): void {
  fillPolygon(
    canvas,
    [
      [x, y - 8],
      [x + 4, y - 1],
      [x, y - 1],
    ],
    [255, 255, 255],
  );
  fillPolygon(
    canvas,
    [
      [x - 0.8, y - 6],
      [x - 0.8, y - 1],
      [x - 3.4, y - 1],
    ],
    [236, 236, 240],
  );
  fillPolygon(
    canvas,
    [
      [x - 4, y - 0.5],
      [x + 4.5, y - 0.5],
      [x + 3, y + 1.4],
      [x - 2.6, y + 1.4],
    ],
    [150, 70, 50],
  );
}
