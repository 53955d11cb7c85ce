/** Rejection sampling (section 4.3 of the paper): of n images of a prompt, keep the k that the reward likes best. */

/**
 * Indices of the `keep` highest scores, best first; ties go to the earlier one, so the choice never depends on chance.
 */
export function bestOf(scores: ArrayLike<number>, keep: number): number[] {
  if (keep > scores.length) throw new Error(`cannot keep the best ${keep} of ${scores.length} images`);
  const order = Array.from({ length: scores.length }, (_, index) => index);
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, keep);
}
