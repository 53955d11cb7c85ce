/**
 * What people's blind comparisons came to: shares of win, tie and lose with bootstrap intervals over prompts, the paper's
 * figures over the queries that everybody answered, and whether raters prefer a side whatever is on it.
 */
import { groupBy } from '../../collections/group-by.ts';
import { decidingVotes, outcomeOf, summariseVotes } from '../../evaluate/blind-comparison.ts';
import { OUTCOMES, type Outcome, QUESTIONS, type Question, type VoteSummary } from '../../evaluate/evaluation.ts';
import { bootstrapMean, type Interval } from '../../statistics/index.ts';
import type { OpenComparison } from './comparison-desk.ts';
import type { ComparisonAnswer } from './comparison-log.ts';

export type OutcomeShares = Readonly<Record<Outcome, Interval>>;
/** Sample standard deviation of the raters' own shares (tables 5 to 7 of the paper). */
export type OutcomeDeviations = Readonly<Record<Outcome, number>>;

/** Queries of one category, seen or unseen. */
export interface ResultCell {
  readonly category: string;
  readonly seen: boolean;
  /** With at least one answer. */
  readonly queries: number;
  readonly answers: number;
  readonly shares: OutcomeShares;
  /** Absent with fewer than two raters. */
  readonly deviations?: OutcomeDeviations;
}

/** The answers to one question. */
export interface QuestionResult {
  /** Of all answers; absent before the first. */
  readonly shares?: OutcomeShares;
  /** Share of wins minus share of losses, with its interval over prompts; absent before the first answer. */
  readonly difference?: Interval;
  readonly deviations?: OutcomeDeviations;
  /** The share of 'left' among the answers that prefer a side; 0.5 without a bias, since a coin decides the sides. */
  readonly left?: Interval;
  readonly cells: readonly ResultCell[];
  /** Over the complete queries: the shares that most raters agreed on, and queries by their number of votes. */
  readonly decided: Pick<VoteSummary, 'agreed' | 'histogram'>;
}

export interface ComparisonResults {
  readonly queries: number;
  /** Queries that as many people answered as were asked for. */
  readonly complete: number;
  /** That many raters decide a query. */
  readonly agreement: number;
  readonly answers: number;
  /** Answers of raters who are set aside: counted nowhere else. */
  readonly setAside: number;
  readonly people: number;
  readonly questions: Readonly<Record<Question, QuestionResult>>;
}

/** An outcome as a number whose mean is the share of wins minus the share of losses. */
const WIN_MINUS_LOSS: Readonly<Record<Outcome, number>> = { win: 1, tie: 0, lose: -1 };

/** Counts the answers of those raters who are not set aside. */
export function comparisonResults(
  { started, answers }: OpenComparison,
  options: { isSetAside?: (rater: string) => boolean; resamples?: number } = {},
): ComparisonResults {
  const { isSetAside = () => false, resamples = 2000 } = options;
  const counting = answers.filter(({ rater }) => !isSetAside(rater));
  const byQuery = groupBy(counting, ({ query }) => query);
  const answered = started.queries.flatMap((query) => {
    const given = byQuery.get(query.id);
    return given === undefined ? [] : [{ ...query, given }];
  });
  const complete = answered.filter(({ given }) => given.length >= started.raters);
  const agreement = decidingVotes(started.raters);
  const resultOf = (question: Question): QuestionResult => {
    const outcome = (answer: ComparisonAnswer) => outcomeOf(answer[question], answer.treatedIsLeft);
    const sharesOf = (queries: typeof answered) =>
      Object.fromEntries(
        OUTCOMES.map((wanted) => [
          wanted,
          bootstrapMean(
            queries.map(({ given }) => given.map((answer) => Number(outcome(answer) === wanted))),
            { seed: started.seed, resamples },
          ),
        ]),
      ) as Record<Outcome, Interval>;
    const differenceOf = (queries: typeof answered) =>
      bootstrapMean(
        queries.map(({ given }) => given.map((answer) => WIN_MINUS_LOSS[outcome(answer)])),
        { seed: started.seed, resamples },
      );
    const deviationsOf = (queries: typeof answered) => {
      const byRater = [
        ...groupBy(
          queries.flatMap(({ given }) => given),
          ({ rater }) => rater,
        ).values(),
      ];
      if (byRater.length < 2) return {};
      const deviation = (wanted: Outcome) =>
        sampleDeviation(byRater.map((own) => own.filter((each) => outcome(each) === wanted).length / own.length));
      return {
        deviations: Object.fromEntries(OUTCOMES.map((each) => [each, deviation(each)])) as Record<Outcome, number>,
      };
    };
    const sides = answered
      .map(({ given }) => given.filter((answer) => answer[question] !== 'tie'))
      .map((given) => given.map((answer) => Number(answer[question] === 'left')));
    const cells = groupBy(answered, ({ category, seen }) => JSON.stringify([category, seen]));
    // Where late answers made more than were asked for, the first ones count, so that queries are alike.
    const votes = complete.map(({ given }) => given.slice(0, started.raters).map(outcome));
    const { agreed, histogram } = summariseVotes(votes, complete, agreement);
    return {
      ...(answered.length === 0 ? {} : { shares: sharesOf(answered), difference: differenceOf(answered) }),
      ...deviationsOf(answered),
      ...(sides.every((given) => given.length === 0)
        ? {}
        : { left: bootstrapMean(sides, { seed: started.seed, resamples }) }),
      cells: [...cells.values()].map((queries) => ({
        category: queries[0]!.category,
        seen: queries[0]!.seen,
        queries: queries.length,
        answers: queries.reduce((count, { given }) => count + given.length, 0),
        shares: sharesOf(queries),
        ...deviationsOf(queries),
      })),
      decided: { agreed, histogram },
    };
  };
  return {
    queries: started.queries.length,
    complete: complete.length,
    agreement,
    answers: counting.length,
    setAside: answers.length - counting.length,
    people: new Set(counting.map(({ rater }) => rater)).size,
    questions: Object.fromEntries(QUESTIONS.map((question) => [question, resultOf(question)])) as Record<
      Question,
      QuestionResult
    >,
  };
}

function sampleDeviation(values: readonly number[]): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1));
}
