/**
 * Measures how well a score separates good images from bad ones (paper, section 4.3 and figure 3). A pair is one good
 * and one bad image of the same prompt. Accuracy is the share of pairs in which the good image scores higher; intervals
 * are bootstrapped over prompts. This module does not compute the scores.
 */

import { groupBy } from '../collections/group-by.ts';
import { bootstrapMean, type Interval } from '../statistics/index.ts';
import type { Features } from './features.ts';
import { isBad, isGood, type LabelledImage } from './labelled-image.ts';

/** An accuracy with its interval, and the number of pairs. The accuracy is undefined when there are no pairs. */
export interface PairAccuracy {
  pairs: number;
  prompts: number;
  accuracy?: Interval;
}

/** Accuracies of one scorer on one held-out set. */
export interface AccuracyTable {
  all: PairAccuracy;
  seen: PairAccuracy;
  unseen: PairAccuracy;
  byCategory: Record<string, { seen: PairAccuracy; unseen: PairAccuracy }>;
}

/** The outcomes of one prompt's pairs: 1 if the good image scored higher, 0 if lower, 0.5 if equal. */
export interface PromptPairs {
  prompt: string;
  category: string;
  /** False for a held-out prompt. */
  seen: boolean;
  outcomes: number[];
}

/** Compares all (good, bad) pairs of each prompt. `scores` has the order of `labelled`. */
export function pairOutcomes(labelled: readonly LabelledImage[], scores: ArrayLike<number>): PromptPairs[] {
  const scored = labelled.map((item, i) => ({ item, score: scores[i]! }));
  return [...groupBy(scored, ({ item }) => item.image.prompt)].flatMap(([prompt, ofPrompt]) => {
    const good = ofPrompt.filter(({ item }) => isGood(item));
    const bad = ofPrompt.filter(({ item }) => isBad(item));
    if (good.length === 0 || bad.length === 0) return [];
    const { category, holdout } = ofPrompt[0]!.item.image;
    const outcomes = good.flatMap(({ score }) =>
      bad.map((other) => (score > other.score ? 1 : score < other.score ? 0 : 0.5)),
    );
    return [{ prompt, category, seen: !holdout, outcomes }];
  });
}

/**
 * Computes the accuracies over all prompts, seen prompts, unseen prompts and each category. The bootstrap resamples
 * whole prompts.
 */
export function accuracyTable(pairs: readonly PromptPairs[], options: { seed?: number } = {}): AccuracyTable {
  const of = (subset: readonly PromptPairs[]) => pairAccuracy(subset, options);
  const bySeen = (subset: readonly PromptPairs[]) => ({
    seen: of(subset.filter(({ seen }) => seen)),
    unseen: of(subset.filter(({ seen }) => !seen)),
  });
  const byCategory = Object.fromEntries(
    [...groupBy(pairs, ({ category }) => category)].map(([category, subset]) => [category, bySeen(subset)]),
  );
  return { all: of(pairs), ...bySeen(pairs), byCategory };
}

/** Computes the accuracy on all pairs of `subset`. The bootstrap resamples whole prompts. */
export function pairAccuracy(subset: readonly PromptPairs[], options: { seed?: number } = {}): PairAccuracy {
  const pairs = subset.reduce((total, { outcomes }) => total + outcomes.length, 0);
  if (pairs === 0) return { pairs, prompts: 0 };
  const accuracy = bootstrapMean(
    subset.map(({ outcomes }) => outcomes),
    options,
  );
  return { pairs, prompts: subset.length, accuracy };
}

/**
 * Difference between the accuracies of two scorers on the same pairs, with an interval; undefined when there are no
 * pairs.
 */
export function accuracyDifference(
  treated: readonly PromptPairs[],
  baseline: readonly PromptPairs[],
  options: { seed?: number } = {},
): Interval | undefined {
  if (treated.length === 0) return undefined;
  const clusters = treated.map(({ outcomes }, i) => outcomes.map((value, j) => value - baseline[i]!.outcomes[j]!));
  return bootstrapMean(clusters, options);
}

/** CLIP score (Hessel et al. 2021) without its constant factor: the cosine of image and text embeddings. */
export function clipScores(images: readonly { id: string; prompt: string }[], features: Features): Float32Array {
  return Float32Array.from(images, ({ id, prompt }) => cosine(features.image(id), features.text(prompt)));
}

/** Cosine of two embeddings of equal length. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let dot = 0;
  let squaredA = 0;
  let squaredB = 0;
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    squaredA += a[i]! * a[i]!;
    squaredB += b[i]! * b[i]!;
  }
  return dot / Math.sqrt(squaredA * squaredB);
}
