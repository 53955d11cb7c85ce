/**
 * Estimates the benefit of more labels. Rewards are trained on a quarter and on half of the training images. Each
 * accuracy is measured on the same held-out pairs as the accuracy of the reward that was trained on all images.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { Interval } from '../statistics/index.ts';
import { accuracyDifference, type PromptPairs, pairAccuracy } from './accuracy.ts';
import { isBad, isGood, type LabelledImage } from './labelled-image.ts';
import { FEWEST_PROMPTS } from './trust.ts';

/** Shares of the training images on which further rewards are trained; the main reward is trained on all images. */
export const CURVE_SHARES = [0.25, 0.5] as const;
/** A share with fewer training images than this is left out of the curve. */
const FEWEST_IMAGES = 8;

/** The accuracy of a reward that was trained on a share of the training images. */
export interface CurvePoint {
  /** Share of the training images, 0 to 1. */
  readonly share: number;
  readonly images: number;
  /** Accuracy on all held-out pairs, both of seen and of unseen prompts. */
  readonly accuracy: Interval;
}

export interface LearningCurve {
  /** Points of the curve in the order of `share`; the last point is the reward that was trained on all images. */
  readonly points: readonly CurvePoint[];
  /**
   * Accuracy after training on all images minus accuracy after training on half of the images, on the same pairs. The
   * difference is undefined when the pairs are from too few prompts.
   */
  readonly allMinusHalf?: Interval;
}

/**
 * Selects one share of the training images, at random by `seed`. A larger share contains all images of a smaller one.
 */
export function curveImages(
  training: readonly LabelledImage[],
  { share, seed }: { share: number; seed: number },
): LabelledImage[] | undefined {
  const random = createRandom(seed);
  const placed = training
    .map((item) => ({ item, place: random.fork(`curve ${item.image.id}`).uniform() }))
    .sort((a, b) => a.place - b.place);
  const chosen = new Set(placed.slice(0, Math.round(share * training.length)).map(({ item }) => item));
  const images = training.filter((item) => chosen.has(item));
  return images.length >= FEWEST_IMAGES && images.some(isGood) && images.some(isBad) ? images : undefined;
}

/**
 * Builds the learning curve: accuracy against the share of the training images that each reward was trained on. The
 * curve is undefined without held-out pairs, or if only one share was measured.
 */
export function learningCurve(
  measured: readonly { share: number; images: number; outcomes: readonly PromptPairs[] }[],
): LearningCurve | undefined {
  const points = measured.flatMap(({ share, images, outcomes }) => {
    const { accuracy } = pairAccuracy(outcomes);
    return accuracy === undefined ? [] : [{ share, images, accuracy }];
  });
  if (points.length < 2) return undefined;
  const outcomesOf = (wanted: number) => measured.find(({ share }) => share === wanted)?.outcomes;
  const [all, half] = [outcomesOf(1), outcomesOf(0.5)];
  // With few prompts, bootstrap intervals are too narrow, so no difference is reported.
  const isTold = all !== undefined && all.length >= FEWEST_PROMPTS;
  const allMinusHalf = isTold && half ? accuracyDifference(all, half) : undefined;
  return { points, ...(allMinusHalf === undefined ? {} : { allMinusHalf }) };
}

/** A sentence on whether more labels would help. */
export function curveVerdict({ allMinusHalf }: LearningCurve): string {
  if (allMinusHalf === undefined) return 'Too few labels to tell what more of them would bring.';
  const { mean, lo, hi } = allMinusHalf;
  const gain = `${points(mean)} [${points(lo)}, ${points(hi)}] points`;
  if (lo > 0) return `The second half of the labels brought ${gain}: more labels would still help.`;
  if (hi < 0.01) return `The second half of the labels brought ${gain}: more labels of this kind would bring little.`;
  return `The second half of the labels brought ${gain}: too few held-out pairs to tell whether more would help.`;
}

function points(share: number): string {
  return `${share < 0 ? '-' : '+'}${Math.abs(100 * share).toFixed(1)}`;
}
