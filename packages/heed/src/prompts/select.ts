/** An even choice of some prompts out of many. */
import { groupBy } from '../collections/group-by.ts';
import type { Prompt } from './prompt.ts';

/**
 * `limit` prompts spread over categories in turn and, within each, evenly over its list; 0 and anything not below
 * the number of prompts give all. Keeps the order of the list, and the same limit always gives the same prompts.
 */
export function selectPrompts(prompts: readonly Prompt[], limit: number): Prompt[] {
  if (limit <= 0 || limit >= prompts.length) return [...prompts];
  const groups = groupBy(prompts.keys(), (index) => `${prompts[index]!.category} ${prompts[index]!.holdout}`);
  const shares = shareOut(
    [...groups.values()].map((group) => group.length),
    limit,
  );
  const chosen = [...groups.values()].flatMap((group, g) =>
    Array.from({ length: shares[g]! }, (_, i) => group[Math.floor(((i + 0.5) * group.length) / shares[g]!)]!),
  );
  return chosen.sort((a, b) => a - b).map((index) => prompts[index]!);
}

/** Gives `total` out one at a time, round after round, to all that have room. */
function shareOut(sizes: readonly number[], total: number): number[] {
  const shares = sizes.map(() => 0);
  let left = total;
  while (left > 0) {
    for (let g = 0; g < sizes.length && left > 0; g++) {
      if (shares[g]! >= sizes[g]!) continue;
      shares[g]! += 1;
      left -= 1;
    }
  }
  return shares;
}
