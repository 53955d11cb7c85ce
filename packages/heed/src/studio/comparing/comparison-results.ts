/**
 * The results of a comparison: the results for each pair of models, the models' strengths, and the number of missing
 * answers.
 */
import { groupBy } from '../../collections/group-by.ts';
import { QUESTIONS, type Question } from '../../evaluate/evaluation.ts';
import type { BootstrapOptions } from '../../statistics/index.ts';
import type { ComparisonAnswer, StartedComparison } from './comparison-log.ts';
import { answersWanted, type OpenComparison } from './comparison-state.ts';
import { type ModelStrength, modelStrengths } from './model-strengths.ts';
import { type PairResults, pairResults } from './pair-results.ts';

export interface ComparisonResults {
  /**
   * 'complete' means that all wanted answers exist, so no rater is asked. 'ended' means that the owner ended the
   * comparison.
   */
  readonly state: 'open' | 'complete' | 'ended';
  /** Number of answers in the results: all answers except those of excluded raters. */
  readonly answers: number;
  /** Number of missing answers. */
  readonly open: number;
  /** Number of answers by excluded raters, which the results leave out. */
  readonly setAside: number;
  readonly people: number;
  readonly pairs: readonly PairResults[];
  /**
   * The models' strengths by question, if the comparison has more than two models. Undefined for two models and before
   * the first answer.
   */
  readonly strengths?: Readonly<Record<Question, readonly ModelStrength[]>>;
}

/** Computes the results from all answers except those of excluded raters. */
export function comparisonResults(
  comparison: OpenComparison,
  options: { isSetAside?: (rater: string) => boolean; resamples?: number } = {},
): ComparisonResults {
  const { isSetAside = () => false, resamples = 2000 } = options;
  const { started, raters, hasEnded, answers } = comparison;
  const counting = answers.filter(({ rater }) => !isSetAside(rater));
  const pairs = groupBy(started.queries, ({ pair }) => JSON.stringify(pair));
  const pairOf = new Map(started.queries.map(({ id, pair }) => [id, JSON.stringify(pair)]));
  const byPair = groupBy(counting, ({ query }) => pairOf.get(query)!);
  const bootstrap = { seed: started.seed, resamples };
  const open = Math.max(0, answersWanted(comparison) - answers.length);
  return {
    state: hasEnded ? 'ended' : open === 0 ? 'complete' : 'open',
    answers: counting.length,
    open,
    setAside: answers.length - counting.length,
    people: new Set(counting.map(({ rater }) => rater)).size,
    ...strengthsOf(started, counting, bootstrap),
    pairs: [...pairs].map(([key, queries]) =>
      pairResults(queries[0]!.pair, {
        queries,
        answers: byPair.get(key) ?? [],
        raters,
        bootstrap,
      }),
    ),
  };
}

function strengthsOf(
  { models, queries }: StartedComparison,
  answers: readonly ComparisonAnswer[],
  bootstrap: BootstrapOptions,
): Pick<ComparisonResults, 'strengths'> {
  if (models.length < 3 || answers.length === 0) return {};
  const byId = new Map(queries.map((query) => [query.id, query]));
  const paired = answers.map((answer) => ({ query: byId.get(answer.query)!, answer }));
  const ofQuestion = (question: Question) => modelStrengths(paired, { question, models: models.length, bootstrap });
  return {
    strengths: Object.fromEntries(QUESTIONS.map((question) => [question, ofQuestion(question)])) as Record<
      Question,
      ModelStrength[]
    >,
  };
}
