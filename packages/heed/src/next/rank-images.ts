/**
 * Ranks unjudged images by the value of a judgement. Images with uncertain reward come first, and images in categories
 * where the reward is weak. Prompts take turns.
 */
import { groupBy } from '../collections/group-by.ts';
import type { RewardReport } from '../reward/report.ts';

/** An image without a judgement. */
export interface Candidate {
  readonly id: string;
  readonly prompt: string;
  readonly category: string;
  readonly reward: number;
  /** Standard deviation of an ensemble's members; absent or 0 for a single network. */
  readonly spread?: number | undefined;
}

export interface RankedCandidate extends Candidate {
  /** Value of judging the image: its uncertainty times the need of its category. */
  readonly worth: number;
}

/** Factor for categories in which the reward is not known to beat chance, or was not measured. */
const NEED = 2;

/**
 * Categories whose pair accuracy is not surely above chance or not above CLIP score; labels in these categories help
 * most.
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
 * Returns the `count` candidates with the highest value. The uncertainty is the spread of an ensemble's rewards, or the
 * closeness of a single reward to 0.5. Prompts take turns: each gives one image before any gives a second.
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
