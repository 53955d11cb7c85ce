/**
 * Decides on submitted answers: which are new, which are already stored, and which contradict a stored answer. Writes
 * nothing.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { QUESTIONS, type Question } from '../../evaluate/evaluation.ts';
import type { Acceptance } from '../labelling/answer.ts';
import type { ComparisonAnswer, Preference } from './comparison-log.ts';
import type { ComparisonStates, QueryState } from './comparison-state.ts';

/** A rater's submission. */
export type SubmittedComparison = Readonly<Record<Question, Preference>> & {
  readonly id: string;
  readonly rater: string;
  readonly query: string;
  readonly seconds?: number | undefined;
};

/** Returns the result of each submission, in order, and the new answers, which the caller must write. */
export function decideComparisons(
  states: ComparisonStates,
  submissions: readonly SubmittedComparison[],
  { time }: { time: Date },
): { acceptances: Acceptance[]; fresh: ComparisonAnswer[] } {
  /** The new answers among these submissions, by rater and query. */
  const fresh = new Map<string, ComparisonAnswer>();
  const acceptances = submissions.map((submitted): Acceptance => {
    const { id, rater, query } = submitted;
    const state = states.queries.get(query);
    if (!state) return { state: 'unknown', reason: 'there is no such query' };
    const key = JSON.stringify([rater, query]);
    // A retry that arrives after the answer was taken back must not restore it.
    if (states.retracted.has(id)) return { state: 'known' };
    const standing = state.byRater.get(rater) ?? fresh.get(key);
    if (standing) {
      const agrees = standing.id === id || QUESTIONS.every((question) => standing[question] === submitted[question]);
      return agrees ? { state: 'known' } : { state: 'conflict', reason: 'this query is answered' };
    }
    const isTaken = states.answers.has(id) || [...fresh.values()].some((other) => other.id === id);
    if (isTaken) return { state: 'conflict', reason: 'the id of this answer is taken' };
    fresh.set(key, answerOf(submitted, { state, time }));
    return { state: 'accepted' };
  });
  return { acceptances, fresh: [...fresh.values()] };
}

function answerOf(
  { id, rater, query, alignment, fidelity, seconds }: SubmittedComparison,
  { state, time }: { state: QueryState; time: Date },
): ComparisonAnswer {
  return {
    event: 'answered',
    id,
    time: time.toISOString(),
    comparison: state.comparison.started.id,
    query,
    rater,
    treatedIsLeft: treatedIsLeft(state, rater),
    alignment,
    fidelity,
    ...(seconds === undefined ? {} : { seconds }),
  };
}

/**
 * Whether the treated model's images are on the left, by a coin toss for this query and rater. The toss is
 * deterministic.
 */
export function treatedIsLeft({ comparison, query }: QueryState, rater: string): boolean {
  return createRandom(comparison.started.seed).fork(`side of ${query.id} for ${rater}`).uniform() < 0.5;
}
