/** Rejection sampling (section 4.3 of the paper): of n images of a prompt, keep the k with the highest reward. */

/**
 * Indices of the `keep` highest scores, best first. Ties go to the lower index, so that the choice is deterministic.
 */
export function bestOf(scores: ArrayLike<number>, keep: number): number[] {
  if (keep > scores.length) throw new Error(`cannot keep the best ${keep} of ${scores.length} images`);
  const order = Array.from({ length: scores.length }, (_, index) => index);
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, keep);
}
