/**
 * Tells a rater's page about the completion code: the code if the rater has earned it, or else the longest remaining
 * wait.
 */
import { type Identity, isTrial } from '../auth/sessions.ts';
import type { Studio } from '../studio.ts';
import type { Completion } from './completion.ts';
import type { WorkLeft } from './completions.ts';
import { workLeft } from './work-left.ts';

/** The placeholder for the code in a trial. */
const TRIAL_CODE = 'TRIAL';

export async function completionFor(
  studio: Studio,
  { identity, standing }: { identity: Identity; standing: WorkLeft },
): Promise<{ completion?: Completion; paidInSeconds?: number }> {
  if (identity.role === 'owner') return {};
  if (isTrial(identity)) {
    return standing.open === 0 && standing.answered > 0 ? { completion: { code: TRIAL_CODE } } : {};
  }
  const work = identity.purpose === 'both' ? await workLeft(studio, identity) : standing;
  const { isEarned, paidInSeconds } = await studio.completions.look(identity.rater, work);
  if (isEarned) return { completion: studio.completion };
  return paidInSeconds === undefined ? {} : { paidInSeconds };
}
