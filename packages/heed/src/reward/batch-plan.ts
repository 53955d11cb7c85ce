/**
 * Divides labelled pairs of image and prompt into batches of one shape. With the auxiliary task, every batch begins
 * with the same number of good images. This number is in proportion to the share of good images among all pairs. Bad
 * images get no perturbed prompts, since the auxiliary task uses good images only.
 */
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { isGood, type LabelledImage } from './labelled-image.ts';

/**
 * Batches of `batchSize` pairs. The images of the first `good` pairs in each batch are good and have perturbed prompts.
 */
export interface BatchPlan {
  batchSize: number;
  /** Number of good images in a batch; 0 without the auxiliary task. */
  good: number;
  /** One pass over the pairs in a new order. Pairs that do not fill a batch are left out of this pass. */
  compose(random: RandomGenerator): LabelledImage[][];
}

/** Plans batches for a training set. `perturbedPrompts` is undefined without the auxiliary task. */
export function planBatches(
  training: readonly LabelledImage[],
  options: { batchSize: number; perturbedPrompts?: ReadonlyMap<string, readonly string[]> | undefined },
): BatchPlan {
  const batchSize = Math.min(options.batchSize, training.length);
  const takesPart = (item: LabelledImage) =>
    isGood(item) && (options.perturbedPrompts?.get(item.image.prompt)?.length ?? 0) > 0;
  const first = training.filter(takesPart);
  const rest = training.filter((item) => !takesPart(item));
  const good = share(first.length, { of: training.length, batchSize });
  return {
    batchSize,
    good,
    compose(random) {
      if (batchSize === 0) return [];
      const [goodOnes, others] = [random.shuffle([...first]), random.shuffle([...rest])];
      const other = batchSize - good;
      const count = Math.min(
        good > 0 ? Math.floor(goodOnes.length / good) : Number.POSITIVE_INFINITY,
        other > 0 ? Math.floor(others.length / other) : Number.POSITIVE_INFINITY,
      );
      return Array.from({ length: count }, (_, i) => [
        ...goodOnes.slice(i * good, (i + 1) * good),
        ...others.slice(i * other, (i + 1) * other),
      ]);
    },
  };
}

/**
 * Number of pairs of one kind (good or other) in a batch, in proportion to the share of this kind among all pairs. The
 * number is limited so that one batch can always be filled. A batch of two or more pairs has at least one of each kind
 * that exists.
 */
function share(count: number, { of, batchSize }: { of: number; batchSize: number }): number {
  if (count === 0) return 0;
  if (count === of) return batchSize;
  const wanted = Math.round((count / of) * batchSize);
  return Math.min(count, Math.max(1, batchSize - (of - count), Math.min(batchSize - 1, wanted)));
}
