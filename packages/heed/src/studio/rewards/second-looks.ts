/**
 * Images worth a second look: images on which people and the reward disagree most, and images whose reward is
 * uncertain.
 */
import type { ImageRecord } from '../../images/record.ts';
import type { ImageStore } from '../../images/store.ts';
import type { RewardPrediction } from '../../reward/predictions.ts';

/** An image with its reward. */
export interface SecondLook {
  readonly image: ImageRecord;
  readonly prediction: RewardPrediction;
}

export interface SecondLooks {
  /**
   * Images whose label and reward disagree, largest distance first. `heldOut` has only images of the test data; `all`
   * has all judged images.
   */
  readonly wrong: { readonly heldOut: readonly SecondLook[]; readonly all: readonly SecondLook[] };
  /**
   * Images whose reward is uncertain, most uncertain first. Uncertainty is the disagreement of an ensemble's networks,
   * or else the closeness of the reward to 0.5. `unjudged` has only unjudged images; `all` has all images.
   */
  readonly unsure: { readonly unjudged: readonly SecondLook[]; readonly all: readonly SecondLook[] };
}

/** Finds up to `count` images of each kind. Images that the store does not have are skipped. */
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
