// The world's pre-training data: scenes with the captions the base model was trained on, as many as asked for and never
// stored.
import type { RgbImage } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { type WebCaptionNoise, webCaption } from './captions/web.ts';
import type { Renderer } from './scene/renderer.ts';
import { createRenderer } from './scene/renderer.ts';
import type { SceneDistribution } from './scene/sample-scene.ts';
import { sampleScene } from './scene/sample-scene.ts';
import type { Scene } from './scene/scene.ts';

/** One picture with a web-like caption. `scene` has the true content, for checks but never for training. */
export interface PretrainingExample {
  readonly image: RgbImage;
  readonly caption: string;
  readonly scene: Scene;
}

/**
 * An endless stream of examples. Each example depends only on the seed and its index, so a stream can resume anywhere.
 */
export interface PretrainingStream extends Iterable<PretrainingExample> {
  at(index: number): PretrainingExample;
}

/**
 * Opens the stream of pre-training examples that the seed determines. Iteration of the stream starts at index 0 and
 * never ends.
 */
export async function createPretrainingStream({
  seed,
  renderer,
  scenes = {},
  noise = {},
}: {
  seed: number;
  /** A renderer to reuse; by default one is created. */
  renderer?: Renderer;
  scenes?: Partial<SceneDistribution>;
  noise?: Partial<WebCaptionNoise>;
}): Promise<PretrainingStream> {
  const drawer = renderer ?? (await createRenderer());
  const root = createRandom(seed).fork('pretraining stream');
  const at = (index: number): PretrainingExample => {
    const random = root.fork(`example ${index}`);
    const scene = sampleScene(random, scenes);
    return {
      scene,
      image: drawer.render(scene, random),
      caption: webCaption(scene, random, noise),
    };
  };
  return {
    at,
    *[Symbol.iterator]() {
      for (let index = 0; ; index++) yield at(index);
    },
  };
}
