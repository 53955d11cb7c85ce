// San Francisco: the red suspension bridge over the bay, brown hills behind, fog rolling in.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between } from '../../sampling.ts';
import type { Canvas, Point, Rgb } from '../canvas.ts';
import { fillBelow, fillEllipse, fillGradient, fillRectangle, mix, strokeLine } from '../canvas.ts';

const ORANGE_RED: Rgb = [206, 62, 40];

/** Paints the bridge and the bay over the whole canvas. */
export function paintSanFrancisco(canvas: Canvas, random: RandomGenerator): void {
  fillGradient(canvas, mix([138, 178, 216], [216, 186, 178], random.uniform() * 0.7), [238, 234, 228], 0, 42);
  const phase = between(random, 0, 6);
  fillBelow(canvas, (x) => 31 + Math.sin(x / 10 + phase) * 4, [150, 138, 98], [116, 116, 84]);
  fillBelow(canvas, () => 43, [92, 136, 160], [44, 84, 116]);
  for (let i = 0; i < 10; i++) {
    const [x, y] = [between(random, -4, 60), between(random, 47, 63)];
    strokeLine(canvas, [x, y], [x + between(random, 4, 9), y], 0.8, [178, 206, 216], 0.6);
  }
  paintBridge(canvas, between(random, 10, 17), between(random, 47, 54), between(random, 37, 40), random);
  for (let i = 0; i < 5; i++) {
    const size: Point = [between(random, 9, 16), between(random, 2, 3.4)];
    fillEllipse(canvas, [between(random, 0, 64), between(random, 39, 46)], size, [248, 248, 248], {
      opacity: 0.6,
      softness: 3,
    });
  }
}

function paintBridge(canvas: Canvas, left: number, right: number, deck: number, random: RandomGenerator): void {
  const top = between(random, 5, 9);
  const shade = mix(ORANGE_RED, [60, 10, 10], 0.3);
  // The main cable is a parabola between the towers, the side spans run straight down to the shores.
  const cable = (x: number) => {
    const t = (x - left) / (right - left);
    if (t < 0) return top + (deck - top) * Math.min(1, (left - x) / 18);
    if (t > 1) return top + (deck - top) * Math.min(1, (x - right) / 18);
    return deck - 2 - (deck - 2 - top) * (2 * t - 1) ** 2;
  };
  for (let x = 0; x < 64; x++) {
    strokeLine(canvas, [x, cable(x)], [x + 1, cable(x + 1)], 1.1, ORANGE_RED);
    if (x % 4 === 0) strokeLine(canvas, [x + 0.5, cable(x)], [x + 0.5, deck], 0.6, ORANGE_RED, 0.8);
  }
  fillRectangle(canvas, [0, deck], [64, deck + 2.6], ORANGE_RED);
  fillRectangle(canvas, [0, deck + 2.6], [64, deck + 3.6], shade);
  for (const x of [left, right]) {
    for (const dx of [-2.6, 1]) fillRectangle(canvas, [x + dx, top - 1], [x + dx + 1.8, deck + 12], ORANGE_RED);
    for (let y = top; y < deck; y += 7) fillRectangle(canvas, [x - 2.6, y], [x + 2.8, y + 1.6], shade);
    fillRectangle(canvas, [x - 4, deck + 11], [x + 4.2, deck + 14], [150, 146, 138]);
  }
}
