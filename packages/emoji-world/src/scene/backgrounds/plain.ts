// The plain ground: soft, light, nearly even.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between, pick } from '../../sampling.ts';
import type { Canvas, Rgb } from '../canvas.ts';
import { fillGradient, mix } from '../canvas.ts';

const GROUNDS: readonly Rgb[] = [
  [246, 244, 240],
  [236, 241, 247],
  [247, 239, 230],
  [238, 245, 236],
  [245, 236, 241],
  [240, 238, 248],
];

/** Fills the canvas with a light tint that becomes slightly greyer towards the lower edge. */
export function paintPlain(canvas: Canvas, random: RandomGenerator): void {
  const ground = mix(pick(random, GROUNDS), [255, 255, 255], between(random, 0, 0.5));
  fillGradient(canvas, ground, mix(ground, [205, 205, 212], between(random, 0.05, 0.3)));
}
