/**
 * Computes the rater's progress from the server's count of answers and from sent answers that this count does not
 * include yet.
 */
import type { LabellerState } from './labeller-state.ts';
import type { LabellingStanding } from './labelling-api.ts';

/**
 * Returns the changes. `underWay` is the number of answers that the server has not acknowledged and that its count does
 * not include yet.
 */
export function standingChanges(
  { answered, open, medianSeconds, completion, paidInSeconds, openComparisons }: LabellingStanding,
  { underWay, state }: { underWay: number; state: Pick<LabellerState, 'medianSeconds' | 'completion'> },
): Partial<LabellerState> {
  return {
    answered: answered + underWay,
    open: Math.max(0, open - underWay),
    // What was known once stays known.
    medianSeconds: medianSeconds ?? state.medianSeconds,
    completion: completion ?? state.completion,
    paidInSeconds,
    openComparisons,
  };
}
