/**
 * Turns judgements into training data for rewards: one label per image, and a split of the images into training,
 * validation and test sets. The module reads feedback events and image records, not pixels.
 */

import { createRandom } from '@heed/diffusion/autodiff';
import { groupBy } from '../collections/group-by.ts';
import { type FeedbackEvent, lastWords } from '../feedback/index.ts';
import type { ImageRecord } from '../images/index.ts';

/** An image with the mean of its good (1) and bad (0) judgements. */
export interface LabelledImage {
  image: ImageRecord;
  /** The label in [0, 1]; 1 means that all raters said good. */
  label: number;
  judgements: number;
}

/**
 * Labels each image with the mean of its labels, using only the latest label of each rater. Skips are ignored, and so
 * are judgements of images that are not in `images`.
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

export const isGood = ({ label }: Pick<LabelledImage, 'label'>) => label > 0.5;
export const isBad = ({ label }: Pick<LabelledImage, 'label'>) => label < 0.5;

/** Disjoint sets of images for training, validation (early stopping) and test. */
export interface RewardSplit {
  training: LabelledImage[];
  validation: LabelledImage[];
  test: LabelledImage[];
}

/** An accuracy on pairs from fewer prompts than this is not informative. */
const PROMPTS_TO_MEASURE = 5;
/** Largest share of the learnable images that the test set may have when whole prompts are moved into the test set. */
const MAX_TEST_SHARE = 1 / 3;

/**
 * Splits by image. Most learnable images are for training, some for validation (early stopping) and some for the test.
 * All other images (those with purpose 'measure' or with a held-out prompt) are in the test set.
 *
 * Accuracy is measured on pairs of a good and a bad test image of one prompt. With few labels, hardly any prompt has
 * such a pair. If fewer than five seen prompts have a pair, whole prompts are put into the test set instead, provided
 * that more prompts then have a pair. No image of these prompts is used for training. Prompts are drawn at random until
 * the test set has its share of the images. After that, only prompts with a pair are drawn, until five drawn prompts
 * have a pair or the test set has a third of the images.
 *
 * If no image was drawn for validation, one training image with the more frequent label is moved to the validation set.
 * With fewer than three images, no image is moved.
 *
 * The split depends on the seed, the image ids and the prompts, not on their order. The choice between splitting by
 * image and splitting by prompt also depends on the labels.
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
  const measured = measuredPrompts(split);
  if (measured >= PROMPTS_TO_MEASURE) return withValidation(split, seed);
  const byPrompt = splitByPrompt(labelled, split, { seed, testShare });
  return withValidation(measuredPrompts(byPrompt) > measured ? byPrompt : split, seed);
}

/** Moves one training image to the validation set if that set is empty and there are at least three training images. */
function withValidation(split: RewardSplit, seed: number): RewardSplit {
  const { training, validation, test } = split;
  if (validation.length > 0 || training.length < 3) return split;
  const good = training.filter(isGood);
  const bad = training.filter(isBad);
  const random = createRandom(seed);
  const [first] = (good.length > bad.length ? good : bad)
    .map((item) => ({ item, position: random.fork(`split ${item.image.id}`).uniform() }))
    .sort((a, b) => a.position - b.position);
  if (!first) return split;
  return { training: training.filter((item) => item !== first.item), validation: [first.item], test };
}

/** Number of seen prompts that have both a good and a bad image in the test set. */
function measuredPrompts({ test }: RewardSplit): number {
  return promptsWithPairs(test.filter(({ image }) => !image.holdout)).size;
}

/** Prompts that have both a good and a bad image. */
function promptsWithPairs(items: readonly LabelledImage[]): Set<string> {
  const byPrompt = groupBy(items, ({ image }) => image.prompt);
  return new Set([...byPrompt].filter(([, of]) => of.some(isGood) && of.some(isBad)).map(([prompt]) => prompt));
}

/**
 * Puts all images of randomly chosen prompts into the test set, instead of single images. The other validation images
 * stay in the validation set.
 */
function splitByPrompt(
  labelled: readonly LabelledImage[],
  byImage: RewardSplit,
  { seed, testShare }: { seed: number; testShare: number },
): RewardSplit {
  const learnable = labelled.filter(({ image }) => mayLearnFrom(image));
  const byPrompt = groupBy(learnable, ({ image }) => image.prompt);
  const paired = promptsWithPairs(learnable);
  const random = createRandom(seed);
  const prompts = [...byPrompt.keys()]
    .map((prompt) => ({ prompt, position: random.fork(`split prompt ${prompt}`).uniform() }))
    .sort((a, b) => a.position - b.position);
  const tested = new Set<string>();
  let images = 0;
  let pairs = 0;
  for (const { prompt } of prompts) {
    const count = byPrompt.get(prompt)!.length;
    const hasPair = paired.has(prompt);
    const isWanted = images < testShare * learnable.length || (hasPair && pairs < PROMPTS_TO_MEASURE);
    if (!isWanted || images + count > Math.max(testShare, MAX_TEST_SHARE) * learnable.length) continue;
    tested.add(prompt);
    images += count;
    if (hasPair) pairs += 1;
  }
  const validation = new Set(byImage.validation);
  const split: RewardSplit = { training: [], validation: [], test: [] };
  for (const item of labelled) {
    if (!mayLearnFrom(item.image) || tested.has(item.image.prompt)) split.test.push(item);
    else if (validation.has(item)) split.validation.push(item);
    else split.training.push(item);
  }
  return split;
}

/** Whether rewards and models may learn from the image: its purpose is 'learn' and its prompt is not held out. */
export function mayLearnFrom({ purpose, holdout }: Pick<ImageRecord, 'purpose' | 'holdout'>): boolean {
  return purpose === 'learn' && !holdout;
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
