/** Chooses a sample of prompts that is spread evenly over the categories and over the list. */
import { groupBy } from '../collections/group-by.ts';
import type { Prompt } from './prompt.ts';

/**
 * Chooses at most `limit` prompts. The limit is divided evenly among categories (seen and held-out prompts apart). Each
 * category's prompts are taken at equal distances in the list. A limit of 0, or a limit that is not below the number of
 * prompts, gives all prompts. The result keeps the list's order and is deterministic.
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

/** Divides `total` among groups of these sizes in round robin; no group gets more than its size. */
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
