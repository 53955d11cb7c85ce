/**
 * What more labels would bring: the reward trained on a quarter and on half of the training images, each measured on
 * the same held-out pairs as the reward from all of them.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { Interval } from '../statistics/index.ts';
import { accuracyDifference, type PromptPairs, pairAccuracy } from './accuracy.ts';
import { isBad, isGood, type LabelledImage } from './labelled-image.ts';
import { FEWEST_PROMPTS } from './trust.ts';

/** Shares of the training images below all of them. */
export const CURVE_SHARES = [0.25, 0.5] as const;
/** Fewer images than this teach nothing that could be compared. */
const FEWEST_IMAGES = 8;

/** A reward from some of the labels. */
export interface CurvePoint {
  /** Of the training images, 0 to 1. */
  readonly share: number;
  readonly images: number;
  /** On held-out pairs, whatever their prompt. */
  readonly accuracy: Interval;
}

export interface LearningCurve {
  /** The last one is the reward from all images. */
  readonly points: readonly CurvePoint[];
  /**
   * Accuracy from all images minus that from half of them, on the same pairs; absent where they are of too few prompts.
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

/** The curve of measured trainings, by share; undefined without pairs or without a smaller share. */
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
  // The bootstrap of a few prompts is sure of what it cannot know.
  const isTold = all !== undefined && all.length >= FEWEST_PROMPTS;
  const allMinusHalf = isTold && half ? accuracyDifference(all, half) : undefined;
  return { points, ...(allMinusHalf === undefined ? {} : { allMinusHalf }) };
}

/** What the curve says of labelling on, in a sentence. */
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
