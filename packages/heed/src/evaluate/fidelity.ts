/**
 * Distance between generated images and the world's renders: Fréchet distance and CMMD on the world's CLIP embeddings.
 * Images are drawn from captions of new scenes and compared with renders of other new scenes, as FID uses captions of
 * COCO. Embeddings and pictures differ from FID's, so the numbers are not FID.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { ReferencePictures } from '../ports.ts';
import { CUSTOM_CATEGORY, type Prompt } from '../prompts/index.ts';
import type { Features } from '../reward/features.ts';
import {
  cmmdByPart,
  frechetDistance,
  type Jackknifed,
  jackknife,
  jackknifeGroups,
  jackknifeInterval,
  momentsOf,
} from '../statistics/index.ts';
import type { Fidelity } from './evaluation.ts';

/** Returns captions of `count` distinct pictures of the world; the reference contains none of these pictures. */
export function fidelityPrompts(
  reference: ReferencePictures,
  { seed, count }: { seed: number; count: number },
): Prompt[] {
  const random = createRandom(seed).fork('fidelity captions');
  const texts = new Set<string>();
  for (let index = 0; texts.size < count; index++) {
    texts.add(reference.caption(random.fork(`caption ${index}`)));
  }
  return [...texts].map((text) => ({ text, category: CUSTOM_CATEGORY, holdout: false }));
}

/**
 * Computes the Fréchet distance and CMMD, with intervals, between at least 3 image embeddings [N, P] and reference
 * embeddings [M, P].
 */
export async function fidelityOf(
  embeds: Float32Array,
  reference: Float32Array,
  { dimension, seed }: { dimension: number; seed: number },
): Promise<Required<Fidelity>> {
  const groups = jackknifeGroups(embeds.length / dimension, seed);
  const { partOf } = groups;
  const moments = await momentsOf(reference, dimension);
  const frechet = await jackknife(groups, async (parts) => {
    const kept = embeds.filter((_, i) => parts.includes(partOf[Math.floor(i / dimension)]!));
    return frechetDistance(await momentsOf(kept, dimension), moments);
  });
  const cmmd = await jackknife(
    groups,
    await cmmdByPart(embeds, reference, dimension, { partOf, parts: groups.count + 1 }),
  );
  const intervalOf = (of: Jackknifed) => jackknifeInterval(of, groups, { least: 0 })!;
  return {
    frechet: frechet.value,
    cmmd: cmmd.value,
    intervals: { frechet: intervalOf(frechet), cmmd: intervalOf(cmmd) },
  };
}

/** Measures sets of stored images against one reference. */
export type FidelityMeter = (images: readonly ImageRecord[]) => Promise<Fidelity>;

/**
 * Renders and embeds `count` new pictures of the world once. Returns a function that measures the distance to these
 * pictures.
 */
export async function createFidelityMeter(
  features: Features,
  reference: ReferencePictures,
  { seed, count, store, signal }: { seed: number; count: number; store: ImageStore; signal?: AbortSignal | undefined },
): Promise<FidelityMeter> {
  const random = createRandom(seed).fork('fidelity reference');
  const draw = await reference.openPictures();
  const prepare = signal === undefined ? {} : { signal };
  const keys = Array.from({ length: count }, (_, index) => `reference ${seed} ${index}`);
  await features.prepareImages(keys, async (key) => draw(random.fork(key)), prepare);
  const referenceRows = rowsOf(features, keys);
  return async (images) => {
    const ids = images.map(({ id }) => id);
    await features.prepareImages(ids, (id) => store.read(id), prepare);
    return fidelityOf(rowsOf(features, ids), referenceRows, { dimension: features.projectionDim, seed });
  };
}

/** Copies the embeddings [N, P] of images whose embeddings `features` already contains. */
export function rowsOf(features: Features, keys: readonly string[]): Float32Array {
  const rows = new Float32Array(keys.length * features.projectionDim);
  for (const [row, key] of keys.entries()) rows.set(features.image(key), row * features.projectionDim);
  return rows;
}
