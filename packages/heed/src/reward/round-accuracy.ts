/**
 * The reward's accuracy for each round, on held-out pairs of the images that were generated in that round. A tuned
 * model's images differ from the base model's images, and a reward that was not trained on such images can fail on
 * them.
 */
import type { Rounds } from '../rounds/lineage.ts';
import { type PairAccuracy, pairAccuracy, pairOutcomes } from './accuracy.ts';
import type { LabelledImage, RewardSplit } from './labelled-image.ts';

export interface RoundAccuracy {
  /** Number of the round. Round 1 has the base model's images. */
  readonly round: number;
  /** Labelled images of the round that the reward learned from. */
  readonly training: number;
  /** Accuracy on held-out pairs of the round's images. */
  readonly reward: PairAccuracy;
  readonly clip: PairAccuracy;
}

/** Makes one entry for each round with labelled images. `scores` has the order of the split's test images. */
export function roundAccuracies(
  { training, test }: Pick<RewardSplit, 'training' | 'test'>,
  { rounds, scores }: { rounds: Rounds; scores: { rewards: ArrayLike<number>; clips: ArrayLike<number> } },
): RoundAccuracy[] {
  const roundOf = ({ image }: LabelledImage) => rounds.ofImage(image);
  const found = new Set([...training, ...test].map(roundOf));
  return [...found]
    .sort((a, b) => a - b)
    .map((round) => {
      const indices = [...test.keys()].filter((i) => roundOf(test[i]!) === round);
      const accuracy = (values: ArrayLike<number>) =>
        pairAccuracy(
          pairOutcomes(
            indices.map((i) => test[i]!),
            indices.map((i) => values[i]!),
          ),
        );
      return {
        round,
        training: training.filter((item) => roundOf(item) === round).length,
        reward: accuracy(scores.rewards),
        clip: accuracy(scores.clips),
      };
    });
}
