/**
 * The images on which people and a reward disagree most, and those that the reward cannot tell: worth a second look.
 */
import type { ImageRecord } from '../../images/record.ts';
import type { ImageStore } from '../../images/store.ts';
import type { RewardPrediction } from '../../reward/predictions.ts';

/** An image with what the reward says of it. */
export interface SecondLook {
  readonly image: ImageRecord;
  readonly prediction: RewardPrediction;
}

export interface SecondLooks {
  /** By distance of label and reward: of images that it has not learned from, and of all that are judged. */
  readonly wrong: { readonly heldOut: readonly SecondLook[]; readonly all: readonly SecondLook[] };
  /**
   * By how much an ensemble's networks differ, else by closeness of the reward to 0.5: of unjudged images, and of all.
   */
  readonly unsure: { readonly unjudged: readonly SecondLook[]; readonly all: readonly SecondLook[] };
}

/** Up to `count` of each; images that the store does not have are passed over. */
export function findSecondLooks(
  predictions: readonly RewardPrediction[],
  { images, count }: { images: ImageStore; count: number },
): SecondLooks {
  const known = predictions.filter(({ image }) => images.has(image));
  const judged = known.filter(({ label }) => label !== undefined);
  // Only where they are on different sides of the middle: two raters of two opinions make no reward wrong.
  const wrong = judged.filter(({ label, reward }) => (label! - 0.5) * (reward - 0.5) < 0);
  const first = (from: readonly RewardPrediction[], by: (prediction: RewardPrediction) => number) =>
    [...from]
      .sort((a, b) => by(a) - by(b))
      .slice(0, count)
      .map((prediction) => ({ image: images.get(prediction.image), prediction }));
  const agreement = ({ label, reward }: RewardPrediction) => -Math.abs(label! - reward);
  // The networks of an ensemble know better where they are in doubt than one network's nearness to the middle.
  const isEnsemble = known.some(({ spread = 0 }) => spread > 0);
  const certainty = ({ reward, spread = 0 }: RewardPrediction) => (isEnsemble ? -spread : Math.abs(reward - 0.5));
  return {
    wrong: {
      heldOut: first(
        wrong.filter(({ part }) => part === 'test'),
        agreement,
      ),
      all: first(wrong, agreement),
    },
    unsure: {
      unjudged: first(
        known.filter(({ part }) => part === 'unjudged'),
        certainty,
      ),
      all: first(known, certainty),
    },
  };
}
