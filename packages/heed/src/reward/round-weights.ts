/** Weights that reward training gives to judgements of earlier rounds. */
import type { ImageRecord } from '../images/index.ts';
import type { Rounds } from '../rounds/lineage.ts';

/** Weight of a judgement, given the judged images: one image for a label, two for a preference. */
export type JudgementWeight = (...images: readonly ImageRecord[]) => number;

/**
 * Weighs each judgement by `decay` to the power of its age in rounds. The round of a judgement is the round of its
 * newest image. `judged` holds the images of all judgements. Returns undefined when all judgements have the same
 * weight.
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
