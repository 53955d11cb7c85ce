/** Checks that the labels suffice for training a reward. If not, the error says which images were left out and why. */
import { badInput } from '../errors.ts';
import { isBad, isGood, type LabelledImage, type RewardSplit } from './labelled-image.ts';
import { describeLeftOut, leftOutOf } from './left-out.ts';
import type { PairSplit } from './reward-pairs.ts';

/** Throws unless there are good and bad training images and a validation image, or preferences to learn from. */
export function checkSplit(
  { training, validation }: RewardSplit,
  labelled: readonly LabelledImage[],
  pairs: Pick<PairSplit, 'training'> = { training: [] },
): void {
  if (pairs.training.length > 0) return;
  const good = training.filter(isGood).length;
  const bad = training.filter(isBad).length;
  if (good > 0 && bad > 0 && validation.length > 0) return;
  const leftOut = describeLeftOut(leftOutOf(labelled.map(({ image }) => image)));
  const found = `got ${good} good, ${bad} bad and ${validation.length} to stop by, of ${labelled.length} judged images`;
  throw badInput(
    `the reward needs good and bad images to learn from and some to stop by, ${[found, ...leftOut].join('; ')}; label more images or ask for preferences (label.kind) with "heed label" or heed studio`,
  );
}
