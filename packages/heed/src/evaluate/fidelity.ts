/**
 * How far generated images are from the world's own drawings: Fréchet distance and CMMD on the world's CLIP embeddings.
 * Images are drawn from true captions of fresh scenes and compared with renders of other fresh scenes, as FID is taken
 * on captions of COCO; but neither the embeddings nor the pictures are FID's, and the numbers are not FID.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { cleanCaption, createRenderer, sampleScene } from '@heed/emoji-world';
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Prompt } from '../prompts/index.ts';
import type { Features } from '../reward/features.ts';
import { cmmd, frechetDistance, momentsOf } from '../statistics/index.ts';
import type { Fidelity } from './evaluation.ts';

/** True captions of `count` scenes, no two alike; the scenes are not those of the reference. */
export function fidelityPrompts({ seed, count }: { seed: number; count: number }): Prompt[] {
  const random = createRandom(seed).fork('fidelity captions');
  const texts = new Set<string>();
  for (let index = 0; texts.size < count; index++) {
    const own = random.fork(`caption ${index}`);
    texts.add(cleanCaption(sampleScene(own), own));
  }
  // Which objects are in it is of no matter here: these images are never judged or learned from.
  return [...texts].map((text) => ({ text, category: 'custom', seen: true }));
}

/** Both distances between image embeddings [N, P] and reference embeddings [M, P]. */
export function fidelityOf(embeds: Float32Array, reference: Float32Array, dimension: number): Fidelity {
  return {
    frechet: frechetDistance(momentsOf(embeds, dimension), momentsOf(reference, dimension)),
    cmmd: cmmd(embeds, reference, dimension),
  };
}

/** Measures sets of stored images against one reference. */
export type FidelityMeter = (images: readonly ImageRecord[]) => Promise<Fidelity>;

/** Renders and embeds `count` fresh scenes once, and gives the function that measures against them. */
export async function createFidelityMeter(
  features: Features,
  { seed, count, store, signal }: { seed: number; count: number; store: ImageStore; signal?: AbortSignal | undefined },
): Promise<FidelityMeter> {
  const random = createRandom(seed).fork('fidelity reference');
  const renderer = await createRenderer();
  const prepare = signal === undefined ? {} : { signal };
  const keys = Array.from({ length: count }, (_, index) => `reference ${seed} ${index}`);
  const render = async (key: string) => {
    const own = random.fork(key);
    return renderer.render(sampleScene(own), own);
  };
  await features.prepareImages(keys, render, prepare);
  const reference = rowsOf(features, keys);
  return async (images) => {
    const ids = images.map(({ id }) => id);
    await features.prepareImages(ids, (id) => store.read(id), prepare);
    return fidelityOf(rowsOf(features, ids), reference, features.projectionDim);
  };
}

function rowsOf(features: Features, keys: readonly string[]): Float32Array {
  const rows = new Float32Array(keys.length * features.projectionDim);
  for (const [row, key] of keys.entries()) rows.set(features.image(key), row * features.projectionDim);
  return rows; // [N, P]
}
