/**
 * Ranks unjudged images by how useful a judgement of each image is for the reward. Images with an uncertain reward and
 * images in categories where the reward is weak come first. Prompts take turns.
 */
import { groupBy } from '../collections/group-by.ts';
import type { RewardReport } from '../reward/report.ts';

/** An image without a judgement. */
export interface Candidate {
  readonly id: string;
  readonly prompt: string;
  readonly category: string;
  readonly reward: number;
  /** Standard deviation of the rewards from the members of an ensemble; absent or 0 for a single network. */
  readonly spread?: number | undefined;
}

export interface RankedCandidate extends Candidate {
  /** Usefulness of a judgement of the image: the uncertainty of the reward, doubled in weak categories. */
  readonly worth: number;
}

/** Factor by which weak categories raise an image's `worth`: see `weakCategories`. */
const NEED = 2;

/**
 * Returns the categories in which the reward's pair accuracy is not surely above chance or not above the CLIP score's.
 * Labels in these categories help the reward most.
 */
export function weakCategories(report: Pick<RewardReport, 'trust' | 'accuracy'> | undefined): Set<string> {
  const weak = new Set<string>();
  for (const { category, group, trust, accuracy } of report?.trust ?? []) {
    const clip = report?.accuracy.clip.byCategory[category]?.[group].accuracy;
    if (trust !== 'measured' || (accuracy && clip && accuracy.mean <= clip.mean)) weak.add(category);
  }
  return weak;
}

/**
 * Returns the `count` candidates with the highest `worth`. The uncertainty is the spread of an ensemble's rewards, or
 * the closeness of a single reward to 0.5. Prompts take turns: every prompt contributes one image before any prompt
 * contributes a second.
 */
export function rankCandidates(
  candidates: readonly Candidate[],
  { weak, count, turns = true }: { weak: ReadonlySet<string>; count: number; turns?: boolean },
): RankedCandidate[] {
  const isEnsemble = candidates.some(({ spread = 0 }) => spread > 0);
  const doubtOf = ({ reward, spread = 0 }: Candidate) => (isEnsemble ? spread : 0.5 - Math.abs(reward - 0.5));
  const ranked = candidates
    .map((candidate) => ({
      ...candidate,
      worth: doubtOf(candidate) * (weak.has(candidate.category) ? NEED : 1),
    }))
    .sort((a, b) => b.worth - a.worth || a.id.localeCompare(b.id));
  if (!turns) return ranked.slice(0, count);
  const placed = [...groupBy(ranked, ({ prompt }) => prompt).values()].flatMap((of) =>
    of.map((candidate, turn) => ({ candidate, turn })),
  );
  return placed
    .sort((a, b) => a.turn - b.turn || b.candidate.worth - a.candidate.worth)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}
