/** What a comparison has come to: each pair of its models, their strengths, and what is still to be answered. */
import { groupBy } from '../../collections/group-by.ts';
import { QUESTIONS, type Question } from '../../evaluate/evaluation.ts';
import type { BootstrapOptions } from '../../statistics/index.ts';
import type { ComparisonAnswer, StartedComparison } from './comparison-log.ts';
import { answersWanted, type OpenComparison } from './comparison-state.ts';
import { type ModelStrength, modelStrengths } from './model-strengths.ts';
import { type PairResults, pairResults } from './pair-results.ts';

export interface ComparisonResults {
  /** 'complete' has all wanted answers and asks no rater; 'ended' was ended by the owner. */
  readonly state: 'open' | 'complete' | 'ended';
  /** That count. */
  readonly answers: number;
  /** How many answers are still missing. */
  readonly open: number;
  /** Answers of raters who are set aside: counted nowhere else. */
  readonly setAside: number;
  readonly people: number;
  readonly pairs: readonly PairResults[];
  /** Of more than two models, by question; absent of two and before the first answer. */
  readonly strengths?: Readonly<Record<Question, readonly ModelStrength[]>>;
}

/** Counts the answers of those raters who are not set aside. */
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
