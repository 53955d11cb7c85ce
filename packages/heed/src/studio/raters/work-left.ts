/**
 * Counts a rater's answers and open queries over every kind of work in their invitation: labelling, comparing or both.
 */
import type { Identity } from '../auth/sessions.ts';
import { termsOf } from '../labelling/terms.ts';
import type { Studio } from '../studio.ts';
import type { WorkLeft } from './completions.ts';

export async function workLeft(studio: Studio, identity: Identity): Promise<WorkLeft> {
  const { rater, purpose } = identity;
  const nothing: WorkLeft = { answered: 0, open: 0 };
  const labelling = purpose === 'comparison' ? nothing : await studio.standingOf(termsOf(studio, rater));
  const comparing = purpose === 'labelling' ? nothing : studio.comparisons.standing(rater);
  return { answered: labelling.answered + comparing.answered, open: labelling.open + comparing.open };
}
