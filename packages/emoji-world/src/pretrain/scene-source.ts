// Pictures and captions for training batches: each a function of the seed, the stream's name and an index, so that no
// random state needs saving.
import type { RgbImage } from '@heed/diffusion';
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { createRandom } from '@heed/diffusion/autodiff';
import type { ArtStyle } from '../art/styles.ts';
import { TRAINING_STYLES } from '../art/styles.ts';
import { chance, pick } from '../sampling.ts';
import { createRenderer } from '../scene/renderer.ts';
import { sampleScene } from '../scene/sample-scene.ts';
import type { Scene } from '../scene/scene.ts';
import { BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from '../vocabulary.ts';

export interface DrawnScene {
  readonly scene: Scene;
  readonly image: RgbImage;
  /** Random numbers for this scene's captions and noise. */
  readonly random: RandomGenerator;
}

export interface SceneSource {
  /** Draws the scene with index `index` of this source's stream. */
  draw(index: number): DrawnScene;
}

/** Creates a stream of scenes. By default, scenes are sampled from the distribution of the pre-training data. */
export async function createSceneSource({
  seed,
  stream,
  sample = sampleScene,
}: {
  seed: number;
  stream: string;
  sample?: (random: RandomGenerator) => Scene;
}): Promise<SceneSource> {
  const renderer = await createRenderer();
  const root = createRandom(seed).fork(stream);
  return {
    draw(index) {
      const random = root.fork(`scene ${index}`);
      const scene = sample(random);
      return { scene, image: renderer.render(scene, random), random };
    },
  };
}

/**
 * Samples a scene with every class of every attribute equally likely, for measuring the recogniser. In training, half
 * of the scenes have natural colours, as most drawings do. A recogniser trained without natural colours mistakes a
 * yellow cat for a box.
 */
export function sampleBalancedScene(
  random: RandomGenerator,
  {
    styles = TRAINING_STYLES,
    naturalColour = 1 / (1 + COLOURS.length),
  }: { styles?: readonly ArtStyle[]; naturalColour?: number } = {},
): Scene {
  const colour = chance(random, naturalColour) ? undefined : pick(random, COLOURS);
  const background = pick(random, [undefined, ...BACKGROUNDS]);
  return {
    object: pick(random, OBJECTS).name,
    count: pick(random, COUNTS),
    style: pick(random, styles),
    ...(colour === undefined ? {} : { colour }),
    ...(background === undefined ? {} : { background: background.name }),
  };
}
