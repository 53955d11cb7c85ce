/** How much judgements of earlier rounds count in the training of a reward. */
import type { ImageRecord } from '../images/index.ts';
import type { Rounds } from '../rounds/lineage.ts';

/** Weight of a judgement by the images that were looked at: one for a label, two for a preference. */
export type JudgementWeight = (...images: readonly ImageRecord[]) => number;

/**
 * `decay` to the power of the rounds that came after the judgement's, which is the round of its newest image. `judged`
 * are the images of all judgements. Undefined where all weigh the same.
 */
export function roundWeights(
  judged: readonly ImageRecord[],
  { rounds, decay }: { rounds: Pick<Rounds, 'ofImage'>; decay: number },
): JudgementWeight | undefined {
  const newestOf = (images: readonly ImageRecord[]) =>
    images.reduce((n, image) => Math.max(n, rounds.ofImage(image)), 0);
  const newest = newestOf(judged);
  if (decay === 1 || judged.every((image) => rounds.ofImage(image) === newest)) return undefined;
  return (...images) => decay ** (newest - newestOf(images));
}
