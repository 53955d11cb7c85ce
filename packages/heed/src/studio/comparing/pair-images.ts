/**
 * Chooses the images to compare: images of the evaluation set that the models generated from the same prompts and
 * seeds.
 */
import { groupBy } from '../../collections/group-by.ts';
import { badInput } from '../../errors.ts';
import type { ImageRecord } from '../../images/record.ts';
import { EVALUATION_SET } from '../../images/set-purpose.ts';
import type { ImageStore } from '../../images/store.ts';
import { quote } from '../../text/nearest.ts';
import type { ComparedQuery, StartedComparison } from './comparison-log.ts';

export interface PairedImages {
  readonly models: StartedComparison['models'];
  readonly queries: readonly Omit<ComparedQuery, 'id'>[];
}

/** Names of the models that have images in the evaluation set, in the order of each model's first image. */
export function comparableModels(store: ImageStore): string[] {
  return [...new Set(store.all({ set: EVALUATION_SET }).map(({ model }) => model))];
}

/**
 * For each pair of models and each prompt, pairs up to `setSize` images of the same seed. Only images with the sampler
 * settings of the first model's newest image are used. If a model was retrained under the same name, only images of its
 * newest version are used. Throws `badInput` when there is nothing to compare.
 */
export function pairImages(
  store: ImageStore,
  { models, setSize }: { models: readonly string[]; setSize: number },
): PairedImages {
  if (models.length < 2) throw badInput(`expected at least two models to compare, got ${models.length}`);
  const all = store.all({ set: EVALUATION_SET });
  const settings = settingsOf(newestOf(all, models[0]!));
  const alike = all.filter((image) => settingsOf(image) === settings);
  const sides = models.map((model) => ({ model, modelHash: newestOf(alike, model).modelHash }));
  for (const [i, { model, modelHash }] of sides.entries()) {
    const twin = sides.slice(0, i).find((other) => other.modelHash === modelHash);
    if (twin) throw badInput(`expected models that differ, ${quote(twin.model)} and ${quote(model)} are the same`);
  }
  const drawn = sides.map(({ modelHash }) =>
    groupBy(
      alike.filter((image) => image.modelHash === modelHash),
      ({ prompt }) => prompt,
    ),
  );
  const queries = pairsOf(sides.length).flatMap(([treated, baseline]) => {
    const own = [...drawn[treated]!].flatMap(([prompt, images]) => {
      const pairs = sameSeeds(images, drawn[baseline]!.get(prompt) ?? []).slice(0, setSize);
      return pairs.length === 0 ? [] : [queryOf(pairs, [treated, baseline])];
    });
    if (own.length > 0) return own;
    const [a, b] = [models[treated]!, models[baseline]!];
    throw badInput(
      `expected evaluation images of the same prompts and seeds by ${quote(a)} and ${quote(b)}, found none`,
    );
  });
  return { models: sides, queries };
}

/** All pairs of indices below `count`; for `count` = 3, the pairs are [0, 1], [0, 2] and [1, 2]. */
function pairsOf(count: number): [number, number][] {
  const places = Array.from({ length: count }, (_, i) => i);
  return places.flatMap((i) => places.slice(i + 1).map((j): [number, number] => [i, j]));
}

interface ImagePair {
  readonly image: ImageRecord;
  readonly other: ImageRecord;
}

function sameSeeds(images: readonly ImageRecord[], others: readonly ImageRecord[]): ImagePair[] {
  const bySeed = new Map(others.map((image) => [image.seed, image]));
  return images.flatMap((image) => {
    const other = bySeed.get(image.seed);
    return other === undefined ? [] : [{ image, other }];
  });
}

function queryOf(pairs: readonly ImagePair[], pair: [number, number]): Omit<ComparedQuery, 'id'> {
  const { prompt, category, holdout } = pairs[0]!.image;
  return {
    prompt,
    category,
    seen: !holdout,
    pair,
    treated: pairs.map(({ image }) => image.id),
    baseline: pairs.map(({ other }) => other.id),
  };
}

function newestOf(images: readonly ImageRecord[], model: string): ImageRecord {
  const found = images.findLast((image) => image.model === model);
  if (!found)
    throw badInput(`expected a model with evaluation images (heed evaluate draws them), ${quote(model)} has none`);
  return found;
}

function settingsOf({ sampler, steps, guidanceScale }: ImageRecord): string {
  return JSON.stringify([sampler, steps, guidanceScale]);
}
