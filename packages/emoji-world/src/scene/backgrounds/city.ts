// A city: two rows of buildings with lit or glassy windows over a street, by day or at dusk.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between, chance, pick } from '../../sampling.ts';
import type { Canvas, Rgb } from '../canvas.ts';
import { fillGradient, fillRectangle, mix } from '../canvas.ts';

interface Hour {
  readonly skyTop: Rgb;
  readonly skyFoot: Rgb;
  readonly far: Rgb;
  readonly walls: readonly Rgb[];
  readonly windows: readonly Rgb[];
}

const DAY: Hour = {
  skyTop: [150, 190, 226],
  skyFoot: [222, 230, 236],
  far: [160, 172, 190],
  walls: [
    [120, 126, 140],
    [148, 132, 122],
    [104, 118, 136],
    [164, 158, 150],
  ],
  windows: [
    [204, 222, 236],
    [82, 98, 122],
  ],
};
const DUSK: Hour = {
  skyTop: [72, 66, 124],
  skyFoot: [244, 170, 138],
  far: [104, 88, 136],
  walls: [
    [58, 58, 86],
    [72, 62, 84],
    [48, 54, 80],
    [84, 74, 96],
  ],
  windows: [
    [255, 220, 124],
    [255, 236, 170],
    [70, 70, 100],
  ],
};

const STREET_TOP = 51;

/** Paints the city over the whole canvas. */
export function paintCity(canvas: Canvas, random: RandomGenerator): void {
  const hour = chance(random, 0.5) ? DAY : DUSK;
  fillGradient(canvas, hour.skyTop, hour.skyFoot, 0, STREET_TOP);
  for (let x = between(random, -4, 0); x < canvas.width; ) {
    const width = between(random, 6, 10);
    fillRectangle(canvas, [x, between(random, 8, 26)], [x + width, STREET_TOP], hour.far);
    x += width;
  }
  for (let x = Math.round(between(random, -5, 0)); x < canvas.width; ) {
    const width = 3 * (3 + random.integer(3)) + 1;
    paintBuilding(canvas, x, Math.round(between(random, 12, 36)), width, hour, random);
    x += width + random.integer(3);
  }
  const street: Rgb = hour === DAY ? [96, 98, 104] : [52, 50, 66];
  fillRectangle(canvas, [0, STREET_TOP - 2], [64, STREET_TOP], mix(street, [255, 255, 255], 0.35));
  fillGradient(canvas, street, mix(street, [0, 0, 0], 0.2), STREET_TOP, 64);
  for (let x = between(random, -6, 2); x < canvas.width; x += 12) {
    fillRectangle(canvas, [x, 57], [x + 6, 58.4], [240, 226, 160]);
  }
}

function paintBuilding(
  canvas: Canvas,
  left: number,
  top: number,
  width: number,
  hour: Hour,
  random: RandomGenerator,
): void {
  const wall = pick(random, hour.walls);
  fillRectangle(canvas, [left, top], [left + width, STREET_TOP], wall);
  fillRectangle(canvas, [left, top], [left + width, top + 1], mix(wall, [255, 255, 255], 0.25));
  for (let y = top + 3; y < STREET_TOP - 4; y += 4) {
    for (let x = left + 1; x < left + width - 1; x += 3) {
      fillRectangle(canvas, [x, y], [x + 2, y + 2], pick(random, hour.windows));
    }
  }
}
