// How scenes are drawn from the world: what is likely to be in a picture. No pixels here.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import type { ArtStyle } from '../art/styles.ts';
import { TRAINING_STYLES } from '../art/styles.ts';
import { chance, pick, pickWeighted } from '../sampling.ts';
import type { Count } from '../vocabulary.ts';
import { BACKGROUNDS, COLOURS, OBJECTS } from '../vocabulary.ts';
import type { Scene } from './scene.ts';

/** The distribution from which scenes are sampled; the weights of the object counts need not sum to one. */
export interface SceneDistribution {
  readonly styles: readonly ArtStyle[];
  readonly naturalColour: number;
  readonly plainBackground: number;
  readonly counts: Readonly<Record<Count, number>>;
}

/** Scenes with one object are most common, as on the web, but every object count is frequent enough to be learned. */
export const SCENE_DISTRIBUTION: SceneDistribution = {
  styles: TRAINING_STYLES,
  naturalColour: 0.25,
  plainBackground: 0.3,
  counts: { 1: 0.45, 2: 0.17, 3: 0.13, 4: 0.1, 5: 0.08, 6: 0.07 },
};

/**
 * Samples one scene. All 25 objects occur, including those that raters never see, because the base model is pre-trained
 * on them.
 */
export function sampleScene(random: RandomGenerator, options: Partial<SceneDistribution> = {}): Scene {
  const { styles, naturalColour, plainBackground, counts } = { ...SCENE_DISTRIBUTION, ...options };
  const object = pick(random, OBJECTS).name;
  const count = Number(pickWeighted(random, counts)) as Count;
  const style = pick(random, styles);
  const colour = chance(random, naturalColour) ? undefined : pick(random, COLOURS);
  const background = chance(random, plainBackground) ? undefined : pick(random, BACKGROUNDS).name;
  return { object, count, style, ...(colour && { colour }), ...(background && { background }) };
}
