/** Checks that a set of images has one purpose. heed reserves some set names for the images of `heed evaluate`. */
import { badInput } from '../errors.ts';
import { quote } from '../text/nearest.ts';
import type { Purpose } from './purpose.ts';
import type { ImageStore } from './store.ts';

/** The set of images that `heed evaluate` keeps after early pruning of candidates. */
export const PRUNED_SET = 'eval-pruned';
/** The set that images of evaluation prompts are stored in. */
export const EVALUATION_SET = 'eval';
/** The set of images drawn to measure fidelity. */
export const FIDELITY_SET = 'fidelity';
/** The set of images of prompts outside the trained categories. */
export const OTHER_SET = 'eval-others';

/**
 * The set of images that people draw when they try out a model, as with `heed try`. Rewards and models learn from these
 * images only if somebody judges them.
 */
export const TRY_SET = 'try';

const OWN_SETS: readonly string[] = [EVALUATION_SET, PRUNED_SET, FIDELITY_SET, OTHER_SET];

/** Throws when images of this purpose must not be added to the set. */
export function checkSetPurpose(
  store: Pick<ImageStore, 'all'>,
  { set, purpose }: { set: string; purpose: Purpose },
): void {
  if (purpose === 'learn' && OWN_SETS.includes(set)) {
    throw badInput(
      `expected a set to learn from, got ${quote(set)}, which heed keeps for measuring; choose another --name`,
    );
  }
  const other = store.all({ set, isWhole: true }).find((image) => image.purpose !== purpose);
  if (other === undefined) return;
  throw badInput(
    `expected a set of images to ${purpose === 'learn' ? 'learn from' : 'measure by'}, got ${quote(set)}, whose images are to ${other.purpose === 'learn' ? 'learn from' : 'measure by'}; choose another --name`,
  );
}
