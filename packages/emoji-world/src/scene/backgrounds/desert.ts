// A desert: dunes and a mesa in a hot sky, with cacti.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between } from '../../sampling.ts';
import type { Canvas, Rgb } from '../canvas.ts';
import { fillBelow, fillEllipse, fillGradient, fillPolygon, mix, strokeLine } from '../canvas.ts';

/** Paints the desert over the whole canvas. */
export function paintDesert(canvas: Canvas, random: RandomGenerator): void {
  fillGradient(canvas, mix([248, 178, 92], [120, 196, 222], random.uniform() * 0.5), [254, 230, 176], 0, 36);
  fillEllipse(canvas, [between(random, 8, 56), between(random, 7, 13)], [5.5, 5.5], [255, 250, 206], { softness: 2.5 });
  paintMesa(canvas, between(random, 4, 44), between(random, 12, 18));
  const sand = mix([236, 196, 120], [226, 176, 98], random.uniform());
  const phase = between(random, 0, 6);
  fillBelow(canvas, (x) => 33 + Math.sin(x / 12 + phase) * 3, mix(sand, [200, 130, 70], 0.3), sand);
  fillBelow(canvas, (x) => 41 + Math.sin(x / 17 + phase * 1.7) * 4, mix(sand, [255, 240, 200], 0.35), sand);
  fillBelow(
    canvas,
    (x) => 54 + Math.sin(x / 14 + phase * 2.3) * 3,
    mix(sand, [255, 240, 200], 0.2),
    mix(sand, [190, 120, 60], 0.35),
  );
  paintCactus(canvas, between(random, 4, 13), between(random, 45, 52), between(random, 0.9, 1.2));
  paintCactus(canvas, between(random, 51, 60), between(random, 42, 50), between(random, 0.7, 1.1));
}

function paintMesa(canvas: Canvas, left: number, width: number): void {
  const rock: Rgb = [192, 104, 64];
  fillPolygon(
    canvas,
    [
      [left, 36],
      [left + 2.5, 21],
      [left + width - 2.5, 21],
      [left + width, 36],
    ],
    rock,
  );
  fillPolygon(
    canvas,
    [
      [left + 2.5, 21],
      [left + width - 2.5, 21],
      [left + width - 2, 24],
      [left + 2, 24],
    ],
    mix(rock, [255, 220, 170], 0.35),
  );
}

function paintCactus(canvas: Canvas, x: number, foot: number, scale: number): void {
  const skin: Rgb = [58, 128, 70];
  const at = (dx: number, dy: number) => [x + dx * scale, foot - dy * scale] as const;
  strokeLine(canvas, at(0, 0), at(0, 15), 3.2 * scale, skin);
  strokeLine(canvas, at(0, 6), at(-4, 6), 2.2 * scale, skin);
  strokeLine(canvas, at(-4, 6), at(-4, 11), 2.2 * scale, skin);
  strokeLine(canvas, at(0, 4), at(3.8, 4), 2.2 * scale, skin);
  strokeLine(canvas, at(3.8, 4), at(3.8, 9), 2.2 * scale, skin);
}
