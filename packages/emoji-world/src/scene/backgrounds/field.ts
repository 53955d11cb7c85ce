// A field: bright meadow hills with flowers under a blue sky with clouds.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between, pick } from '../../sampling.ts';
import type { Canvas, Rgb } from '../canvas.ts';
import { fillBelow, fillEllipse, fillGradient, mix, strokeLine } from '../canvas.ts';

const FLOWERS: readonly Rgb[] = [
  [255, 255, 255],
  [250, 220, 70],
  [238, 96, 110],
  [190, 120, 220],
];

/** Paints the field over the whole canvas. */
export function paintField(canvas: Canvas, random: RandomGenerator): void {
  fillGradient(canvas, [104, 182, 244], [206, 234, 250], 0, 36);
  fillEllipse(canvas, [between(random, 6, 58), between(random, 5, 10)], [4, 4], [255, 240, 150], { softness: 2 });
  for (let i = 0; i < 3; i++) paintCloud(canvas, between(random, 0, 64), between(random, 5, 18), between(random, 3, 5));
  const grass = mix([132, 200, 60], [168, 212, 72], random.uniform());
  const phase = between(random, 0, 6);
  fillBelow(canvas, (x) => 30 + Math.sin(x / 11 + phase) * 2.5, mix(grass, [190, 230, 170], 0.4), grass);
  fillBelow(canvas, (x) => 36 + Math.sin(x / 15 + phase * 2) * 2.5, grass, mix(grass, [60, 140, 40], 0.55));
  for (let i = 0; i < 26; i++) {
    const [x, y] = [between(random, 0, 64), between(random, 41, 63)];
    strokeLine(canvas, [x, y], [x + between(random, -1, 1), y - between(random, 1.5, 3)], 0.8, [84, 156, 44]);
  }
  for (let i = 0; i < 16; i++) {
    const y = between(random, 41, 63);
    const radius = 0.6 + (y - 41) / 36;
    fillEllipse(canvas, [between(random, 0, 64), y], [radius, radius], pick(random, FLOWERS));
  }
}

function paintCloud(canvas: Canvas, x: number, y: number, size: number): void {
  for (const [dx, dy, scale] of [
    [-1, 0.25, 0.7],
    [0, 0, 1],
    [1.1, 0.3, 0.65],
  ] as const) {
    fillEllipse(canvas, [x + dx * size, y + dy * size], [size * scale, size * scale * 0.6], [255, 255, 255], {
      opacity: 0.9,
    });
  }
}
