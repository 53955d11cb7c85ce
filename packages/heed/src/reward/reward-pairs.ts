/**
 * Preferences that the reward learns from: pairs of images of one prompt, each with the share of raters who prefer the
 * first image. The module reads feedback events and image records, not pixels.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { groupBy } from '../collections/group-by.ts';
import type { FeedbackEvent } from '../feedback/index.ts';
import { statedPreferences } from '../feedback/preferences.ts';
import type { ImageRecord } from '../images/index.ts';
import type { PromptPairs } from './accuracy.ts';
import { mayLearnFrom, type RewardSplit } from './labelled-image.ts';

/** Two images of one prompt. */
export interface RewardPair {
  readonly first: ImageRecord;
  readonly second: ImageRecord;
  /** Share of raters who prefer the first image; a rater who answers "tie" adds half a preference. */
  readonly share: number;
}

/** Disjoint sets of pairs for training, validation (early stopping) and test. */
export interface PairSplit {
  readonly training: readonly RewardPair[];
  readonly validation: readonly RewardPair[];
  readonly test: readonly RewardPair[];
}

/**
 * Collects, without repeats, all pairs of `images` between which raters stated a preference. Pairs with different
 * prompts are left out.
 */
export function rewardPairs(images: readonly ImageRecord[], events: readonly FeedbackEvent[]): RewardPair[] {
  const byId = new Map(images.map((image) => [image.id, image]));
  const stated = statedPreferences(events).flatMap(({ better, worse, isTie }) => {
    const [first, second] = [better.image, worse.image].sort() as [string, string];
    const won = isTie ? 0.5 : Number(better.image === first);
    return [{ first, second, won }];
  });
  return [...groupBy(stated, ({ first, second }) => `${first} ${second}`).values()].flatMap((said) => {
    const [first, second] = [byId.get(said[0]!.first), byId.get(said[0]!.second)];
    if (!first || !second || first.prompt !== second.prompt) return [];
    return [{ first, second, share: said.reduce((sum, { won }) => sum + won, 0) / said.length }];
  });
}

/**
 * Splits pairs by prompt, at random by `seed`. The test set has all pairs that must not be learned from, and all pairs
 * with a test image. Other pairs with a labelled training or validation image are never in the test set. If no pair was
 * drawn for validation, one prompt's pairs are moved to the validation set.
 */
export function splitRewardPairs(
  pairs: readonly RewardPair[],
  options: { seed: number; labelled: RewardSplit; validationShare?: number; testShare?: number },
): PairSplit {
  const { seed, labelled, validationShare = 0.1, testShare = 0.15 } = options;
  const idsOf = (items: RewardSplit['test']) => new Set(items.map(({ image }) => image.id));
  const [tested, learned] = [idsOf(labelled.test), idsOf([...labelled.training, ...labelled.validation])];
  const some = ({ first, second }: RewardPair, ids: ReadonlySet<string>) => ids.has(first.id) || ids.has(second.id);
  const random = createRandom(seed);
  const placeOf = (pair: RewardPair) => random.fork(`split pairs of ${pair.first.prompt}`).uniform();
  const split = { training: [] as RewardPair[], validation: [] as RewardPair[], test: [] as RewardPair[] };
  for (const pair of pairs) {
    const place = placeOf(pair);
    const onlyTests = ![pair.first, pair.second].every(mayLearnFrom) || some(pair, tested);
    if (onlyTests || (place < testShare && !some(pair, learned))) split.test.push(pair);
    else if (place >= testShare && place < testShare + validationShare) split.validation.push(pair);
    else split.training.push(pair);
  }
  if (split.validation.length > 0 || split.training.length < 3) return split;
  const stops = split.training.reduce((least, pair) => (placeOf(pair) < placeOf(least) ? pair : least)).first.prompt;
  const validation = split.training.filter(({ first }) => first.prompt === stops);
  if (validation.length === split.training.length) return split;
  return { ...split, training: split.training.filter(({ first }) => first.prompt !== stops), validation };
}

/**
 * The outcome of each pair: 1 if the image that most raters prefer scores higher, 0 if lower, 0.5 if equal. Ties are
 * left out.
 */
export function statedOutcomes(pairs: readonly RewardPair[], scoreOf: (image: string) => number): PromptPairs[] {
  const decided = pairs.filter(({ share }) => share !== 0.5);
  return [...groupBy(decided, ({ first }) => first.prompt)].map(([prompt, ofPrompt]) => ({
    prompt,
    category: ofPrompt[0]!.first.category,
    seen: !ofPrompt[0]!.first.holdout,
    outcomes: ofPrompt.map(({ first, second, share }) => {
      const difference = (scoreOf(first.id) - scoreOf(second.id)) * (share > 0.5 ? 1 : -1);
      return difference > 0 ? 1 : difference < 0 ? 0 : 0.5;
    }),
  }));
}

/** The images of all pairs, each once. */
export function imagesOfPairs(pairs: readonly RewardPair[]): ImageRecord[] {
  const images = pairs.flatMap(({ first, second }) => [first, second]);
  return [...new Map(images.map((image) => [image.id, image])).values()];
}
