// What the base model reads beside a picture while it is pre-trained. How captions go wrong is web.ts's business.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { chance } from '../sampling.ts';
import type { Scene } from '../scene/scene.ts';
import { cleanCaption } from './clean.ts';
import type { WebCaptionNoise } from './web.ts';
import { webCaption } from './web.ts';

/** Share of captions that say exactly what is there; the rest are the web's. */
export const CLEAN_SHARE = 0.4;

/** A caption as pre-training has them: now and then clean, mostly the web's. */
export function pretrainingCaption(
  scene: Scene,
  random: RandomGenerator,
  { noise = {}, cleanShare = CLEAN_SHARE }: { noise?: Partial<WebCaptionNoise>; cleanShare?: number } = {},
): string {
  return chance(random, cleanShare) ? cleanCaption(scene, random) : webCaption(scene, random, noise);
}
