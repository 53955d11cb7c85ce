/** How far the rater is, from what the server says and what it cannot know yet. */
import type { LabellerState } from './labeller-state.ts';
import type { LabellingStanding } from './labelling-api.ts';

/** `underWay`: answers that are sent and not acknowledged; the server does not count them yet. */
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
