/**
 * From single judgements to what rewards learn from: one label an image, and which images may be learned from.
 * Reads feedback events and image records; computes nothing on pixels.
 */

import { createRandom } from '@heed/diffusion/autodiff';
import { groupBy } from '../collections/group-by.ts';
import { type FeedbackEvent, lastWords } from '../feedback/index.ts';
import type { ImageRecord } from '../images/index.ts';

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

export const isGood = ({ label }: Pick<LabelledImage, 'label'>) => label > 0.5;
export const isBad = ({ label }: Pick<LabelledImage, 'label'>) => label < 0.5;

/** Images to learn from, to stop by, and to test on; disjoint. */
export interface RewardSplit {
  training: LabelledImage[];
  validation: LabelledImage[];
  test: LabelledImage[];
}

/** With pairs of fewer prompts than this an accuracy says nothing. */
const PROMPTS_TO_MEASURE = 5;
/** What of the images that may be learned from the test takes at most, where it takes whole prompts. */
const MAX_TEST_SHARE = 1 / 3;

/**
 * Splits by image: of the images that may be learned from most are, some decide when to stop and some only test. All
 * others (images that measure, prompts that are held out) only test.
 *
 * Where labels are few, that leaves hardly a prompt with both a good and a bad image to test on, and the accuracy is
 * one on such pairs. With pairs of fewer than five seen prompts the test takes whole prompts instead, if that gives
 * more pairs. Nothing of these prompts is learned from. The prompts are drawn at random until the test holds its share
 * of the images. After that only prompts with a pair are taken, until five have one or a third of the images is taken.
 *
 * Where chance leaves no image to stop by, one of the images to be learned from is taken. It has the more frequent
 * label. With fewer than three images none is taken.
 *
 * Depends on the seed, the image ids and the prompts, not on their order; which of both ways is taken also on the
 * labels.
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

/** The split with at least one image to stop by, where there are enough. */
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

/** Seen prompts that the test has pairs of. */
function measuredPrompts({ test }: RewardSplit): number {
  return promptsWithPairs(test.filter(({ image }) => !image.holdout)).size;
}

/** Prompts that have both a good and a bad image. */
function promptsWithPairs(items: readonly LabelledImage[]): Set<string> {
  const byPrompt = groupBy(items, ({ image }) => image.prompt);
  return new Set([...byPrompt].filter(([, of]) => of.some(isGood) && of.some(isBad)).map(([prompt]) => prompt));
}

/** The split with whole prompts in the test, in place of single images; what stops the training stays as it is. */
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

/**
 * True for images that rewards and models may learn from: made to be learned from, of a prompt that is not held out.
 */
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
