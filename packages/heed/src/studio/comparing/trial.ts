/** Lets the owner try the comparison page as raters see it. Answers stay in memory, and queries are not leased. */
import type { Acceptance, Retraction } from '../labelling/answer.ts';
import type { AskedComparison, ComparisonDesk } from './comparison-desk.ts';
import type { SubmittedComparison } from './decide-comparison.ts';

const TRIAL_QUERIES = 6;
const MAX_TRIALS = 100;

export interface ComparingTrials {
  standing(rater: string): { readonly answered: number; readonly open: number };
  lease(options: { rater: string; count: number }): AskedComparison[];
  answer(submitted: SubmittedComparison): Acceptance;
  retract(retraction: Retraction): Acceptance;
}

export function createComparingTrials(desk: Pick<ComparisonDesk, 'preview'>): ComparingTrials {
  /** The trial's answers: for each rater, a map from the answer's id to the query. */
  const trials = new Map<string, Map<string, string>>();
  const trialOf = (rater: string) => {
    const trial = trials.get(rater) ?? new Map<string, string>();
    if (trials.size >= MAX_TRIALS && !trials.has(rater)) trials.delete(trials.keys().next().value!);
    trials.set(rater, trial);
    return trial;
  };
  const askable = (rater: string) => {
    const done = new Set(trialOf(rater).values());
    return desk.preview({ rater, count: TRIAL_QUERIES }).filter(({ query }) => !done.has(query));
  };
  return {
    standing: (rater) => ({ answered: trialOf(rater).size, open: askable(rater).length }),
    lease: ({ rater, count }) => askable(rater).slice(0, count),
    answer({ id, rater, query }) {
      trialOf(rater).set(id, query);
      return { state: 'accepted' };
    },
    retract({ id, rater }) {
      trialOf(rater).delete(id);
      return { state: 'retracted' };
    },
  };
}
