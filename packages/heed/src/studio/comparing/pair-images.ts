/** Which images are compared: those of the evaluation set that two models drew of the same prompts with the same seeds. */
import { groupBy } from '../../collections/group-by.ts';
import { badInput } from '../../errors.ts';
import type { ImageRecord } from '../../images/record.ts';
import { EVALUATION_SET } from '../../images/set-purpose.ts';
import type { ImageStore } from '../../images/store.ts';
import { quote } from '../../text/nearest.ts';
import type { ComparedQuery } from './comparison-log.ts';

export interface PairedImages {
  readonly treatedHash: string;
  readonly baselineHash: string;
  readonly queries: readonly Omit<ComparedQuery, 'id'>[];
}

/** Names of the models that have evaluation images, in the order in which they were first drawn with. */
export function comparableModels(store: ImageStore): string[] {
  return [...new Set(store.all({ set: EVALUATION_SET }).map(({ model }) => model))];
}

/**
 * Up to `setSize` images of each model and prompt. Of a model that was made anew under its name, and of several sampler
 * settings, the newest count. Throws `badInput` where there is nothing to compare.
 */
export function pairImages(
  store: ImageStore,
  { treated, baseline, setSize }: { treated: string; baseline: string; setSize: number },
): PairedImages {
  const all = store.all({ set: EVALUATION_SET });
  const newest = newestOf(all, treated);
  const isLike = (image: ImageRecord) => settingsOf(image) === settingsOf(newest);
  const reference = newestOf(all.filter(isLike), baseline);
  if (newest.modelHash === reference.modelHash) {
    throw badInput(`expected two models that differ, ${quote(treated)} and ${quote(baseline)} are the same`);
  }
  const drawnBy = ({ modelHash }: ImageRecord) =>
    groupBy(
      all.filter((image) => image.modelHash === modelHash && isLike(image)),
      ({ prompt }) => prompt,
    );
  const baselineByPrompt = drawnBy(reference);
  const queries = [...drawnBy(newest)].flatMap(([prompt, images]) => {
    const others = new Map((baselineByPrompt.get(prompt) ?? []).map((image) => [image.seed, image]));
    const pairs = images
      .flatMap((image) => {
        const other = others.get(image.seed);
        return other === undefined ? [] : [{ image, other }];
      })
      .slice(0, setSize);
    if (pairs.length === 0) return [];
    const { category, holdout } = pairs[0]!.image;
    return [
      {
        prompt,
        category,
        seen: !holdout,
        treated: pairs.map(({ image }) => image.id),
        baseline: pairs.map(({ other }) => other.id),
      },
    ];
  });
  if (queries.length === 0) {
    throw badInput(
      `expected evaluation images of the same prompts and seeds by ${quote(treated)} and ${quote(baseline)}, found none`,
    );
  }
  return { treatedHash: newest.modelHash, baselineHash: reference.modelHash, queries };
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
