/**
 * Divides labelled pairs into batches of one shape. With the auxiliary task, every batch begins with the same number of
 * good images, in proportion to their share of all pairs. Bad images get no perturbed prompts, since the task does not
 * use them.
 */
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { isGood, type LabelledImage } from './labelled-image.ts';

/** Batches of `batchSize` pairs whose first `good` are good and have perturbed prompts. */
export interface BatchPlan {
  batchSize: number;
  /** Number of good images in a batch; 0 without the auxiliary task. */
  good: number;
  /** One pass over the pairs in a new order. Pairs that do not fill a batch are left for another pass. */
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
 * Number of pairs of one kind in a batch: in proportion to its share of all, rounded down so that one batch can always
 * be filled. At least one pair of each kind.
 */
function share(count: number, { of, batchSize }: { of: number; batchSize: number }): number {
  if (count === 0) return 0;
  if (count === of) return batchSize;
  const wanted = Math.round((count / of) * batchSize);
  return Math.min(count, Math.max(1, batchSize - (of - count), Math.min(batchSize - 1, wanted)));
}
