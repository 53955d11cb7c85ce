// The moon: grey craters under a black sky with stars and the Earth.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between, chance } from '../../sampling.ts';
import type { Canvas, Rgb } from '../canvas.ts';
import { blend, fillBelow, fillEllipse, fillGradient, mix } from '../canvas.ts';

const DUST: Rgb = [168, 168, 174];

/** Paints the moon's surface over the whole canvas. */
export function paintMoon(canvas: Canvas, random: RandomGenerator): void {
  fillGradient(canvas, [6, 6, 18], [22, 22, 44], 0, 44);
  for (let i = 0; i < 34; i++) {
    blend(canvas, random.integer(64), random.integer(44), [255, 255, 240], between(random, 0.35, 1));
  }
  paintEarth(
    canvas,
    chance(random, 0.5) ? between(random, 7, 17) : between(random, 47, 57),
    between(random, 8, 14),
    random,
  );
  const crest = between(random, 26, 36);
  const tilt = between(random, -0.08, 0.08);
  const surface = (x: number) => crest + tilt * (x - 32) + ((x - 32) / 32) ** 2 * 5;
  const dust = mix(DUST, [198, 194, 186], random.uniform());
  fillBelow(canvas, surface, mix(dust, [255, 255, 255], 0.2), mix(dust, [60, 60, 70], 0.35));
  for (let i = 0; i < 9; i++) {
    const y = between(random, crest + 7, 63);
    const radius = 1.5 + ((y - crest) / 30) * between(random, 2, 5);
    paintCrater(canvas, between(random, 0, 64), y, radius, dust);
  }
}

function paintCrater(canvas: Canvas, x: number, y: number, radius: number, dust: Rgb): void {
  fillEllipse(canvas, [x, y + 0.7], [radius + 0.6, radius * 0.5 + 0.4], mix(dust, [255, 255, 255], 0.45));
  fillEllipse(canvas, [x, y], [radius, radius * 0.48], mix(dust, [40, 40, 52], 0.5));
}

function paintEarth(canvas: Canvas, x: number, y: number, random: RandomGenerator): void {
  const radius = between(random, 4.5, 6.5);
  fillEllipse(canvas, [x, y], [radius + 1.5, radius + 1.5], [70, 120, 220], { opacity: 0.5, softness: 3 });
  fillEllipse(canvas, [x, y], [radius, radius], [44, 108, 214]);
  fillEllipse(canvas, [x - radius * 0.3, y - radius * 0.2], [radius * 0.4, radius * 0.5], [74, 170, 92]);
  fillEllipse(canvas, [x + radius * 0.4, y + radius * 0.35], [radius * 0.35, radius * 0.3], [74, 170, 92]);
  fillEllipse(canvas, [x + radius * 0.1, y - radius * 0.55], [radius * 0.5, radius * 0.16], [240, 246, 252]);
}
