/**
 * Estimates the benefit of more labels. Rewards are trained on a quarter and on half of the training images, and
 * measured on the same held-out pairs as the full reward.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { Interval } from '../statistics/index.ts';
import { accuracyDifference, type PromptPairs, pairAccuracy } from './accuracy.ts';
import { isBad, isGood, type LabelledImage } from './labelled-image.ts';
import { FEWEST_PROMPTS } from './trust.ts';

/** Shares of the training images, besides all of them. */
export const CURVE_SHARES = [0.25, 0.5] as const;
/** With fewer training images than this, no comparison is made. */
const FEWEST_IMAGES = 8;

/** The result of training on a share of the labels. */
export interface CurvePoint {
  /** Share of the training images, 0 to 1. */
  readonly share: number;
  readonly images: number;
  /** Accuracy on all held-out pairs, of seen and unseen prompts. */
  readonly accuracy: Interval;
}

export interface LearningCurve {
  /** Points of the curve by share; the last point is the reward from all images. */
  readonly points: readonly CurvePoint[];
  /**
   * Accuracy from all images minus that from half of them, on the same pairs. The difference is undefined when the
   * pairs are from too few prompts.
   */
  readonly allMinusHalf?: Interval;
}

/** The training images for one share. A larger share contains all images of a smaller one. */
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
 * Builds the curve from measured trainings, by share. The curve is undefined without pairs or without a smaller share.
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
