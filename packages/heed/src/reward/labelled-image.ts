/**
 * From single judgements to what rewards learn from: one label an image, and which images may be learned from.
 * Reads feedback events and image records; computes nothing on pixels.
 */

import { createRandom } from '@heed/diffusion/autodiff';
import { type FeedbackEvent, lastWords } from '../feedback/index.ts';
import type { ImageRecord } from '../images/index.ts';
import { groupBy } from './group.ts';

/** An image with the mean of its good (1) and bad (0) judgements. */
export interface LabelledImage {
  image: ImageRecord;
  /** In [0, 1]; 1 where all raters said good. */
  label: number;
  judgements: number;
}

/**
 * One label an image: the mean over raters, each rater's latest word on it. Skips are no label.
 * Judgements of images that are not in `images` are left out.
 */
export function labelImages(images: readonly ImageRecord[], events: readonly FeedbackEvent[]): LabelledImage[] {
  const byImage = groupBy(
    lastWords(events).filter(({ label }) => label !== 'skip'),
    ({ image }) => image,
  );
  return images.flatMap((image) => {
    const judged = byImage.get(image.id) ?? [];
    if (judged.length === 0) return [];
    const good = judged.filter(({ label }) => label === 'good').length;
    return [{ image, label: good / judged.length, judgements: judged.length }];
  });
}

export const isGood = ({ label }: LabelledImage) => label > 0.5;
export const isBad = ({ label }: LabelledImage) => label < 0.5;

/** Images to learn from, to stop by, and to test on; disjoint. */
export interface RewardSplit {
  training: LabelledImage[];
  validation: LabelledImage[];
  test: LabelledImage[];
}

/**
 * Splits by image: of the images made for training, with seen objects, most are learned from, some decide when to stop
 * and some only test. All others (evaluation prompts, unseen objects) are never learned from.
 * Depends on the seed and the image ids, not on their order.
 */
export function splitLabelledImages(
  labelled: readonly LabelledImage[],
  options: { seed: number; validationShare?: number; testShare?: number },
): RewardSplit {
  const { seed, validationShare = 0.1, testShare = 0.15 } = options;
  const random = createRandom(seed);
  const split: RewardSplit = { training: [], validation: [], test: [] };
  for (const item of labelled) {
    const position = random.fork(`split ${item.image.id}`).uniform();
    if (!mayLearnFrom(item.image) || position < testShare) split.test.push(item);
    else if (position < testShare + validationShare) split.validation.push(item);
    else split.training.push(item);
  }
  return split;
}

/** Sets that only measure: images of evaluation prompts and those that fidelity is measured on. */
export function isMeasuringSet(set: string): boolean {
  return set.startsWith('eval') || set.startsWith('fidelity');
}

/** True for images that rewards and models may learn from: not of a measuring set, no object kept for evaluation. */
export function mayLearnFrom({ set, seen }: Pick<ImageRecord, 'set' | 'seen'>): boolean {
  return !isMeasuringSet(set) && seen;
}

/** Keeps about half of the images of each prompt, at least one (the paper's figure 3b). */
export function halveImages(labelled: readonly LabelledImage[], seed: number): LabelledImage[] {
  const byPrompt = groupBy(labelled, ({ image }) => image.prompt);
  const random = createRandom(seed);
  return [...byPrompt].flatMap(([prompt, ofPrompt]) =>
    random
      .fork(`half ${prompt}`)
      .shuffle([...ofPrompt])
      .slice(0, Math.max(1, Math.round(ofPrompt.length / 2))),
  );
}
