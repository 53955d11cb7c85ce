/**
 * People's answers about two models: verdicts by prompt, and shares of win, tie and lose with bootstrap intervals over
 * prompts. The results also contain the paper's figures, from queries with all wanted answers, and the raters' bias to
 * one side of the screen.
 */
import { groupBy } from '../../collections/group-by.ts';
import { decidingVotes, outcomeOf, summariseVotes } from '../../evaluate/blind-comparison.ts';
import { OUTCOMES, type Outcome, QUESTIONS, type Question, type VoteSummary } from '../../evaluate/evaluation.ts';
import { type BootstrapOptions, bootstrapMean, type Interval } from '../../statistics/index.ts';
import type { ComparedQuery, ComparisonAnswer } from './comparison-log.ts';

export type OutcomeShares = Readonly<Record<Outcome, Interval>>;
/** For each outcome, the sample standard deviation over raters of that outcome's share (tables 5 to 7 of the paper). */
export type OutcomeDeviations = Readonly<Record<Outcome, number>>;

/** The results for the queries of one category, either with training prompts (seen) or with held-out prompts. */
export interface ResultCell {
  readonly category: string;
  readonly seen: boolean;
  /** Number of queries with at least one answer. */
  readonly queries: number;
  readonly answers: number;
  readonly shares: OutcomeShares;
  /** Standard deviations over raters; undefined with fewer than two raters. */
  readonly deviations?: OutcomeDeviations;
}

/**
 * The shares of prompts that the treated model wins, ties and loses, by the most common answer to each prompt. Pages
 * show the verdict as the headline of a comparison.
 */
export interface Verdict extends OutcomeShares {
  /** Number of prompts with at least one answer. */
  readonly prompts: number;
  /** Share of prompts that the treated model wins, minus share of prompts that it loses. */
  readonly difference: Interval;
}

/** The results for one question. */
export interface QuestionResult {
  /** The verdict on the question; absent before the first answer. */
  readonly verdict?: Verdict;
  /** Share of each outcome among all answers; undefined before the first answer. */
  readonly shares?: OutcomeShares;
  readonly deviations?: OutcomeDeviations;
  /**
   * The share of 'left' among the answers other than ties. Raters without a bias give about 0.5, since a coin toss
   * decides the sides.
   */
  readonly left?: Interval;
  readonly cells: readonly ResultCell[];
  /**
   * Results over queries with all wanted answers: the share of queries decided for each outcome, and histograms of the
   * votes.
   */
  readonly decided: Pick<VoteSummary, 'agreed' | 'histogram'>;
}

/** The result for one prompt so far. */
export interface PromptResult {
  readonly query: ComparedQuery;
  readonly answers: number;
  readonly votes: Readonly<Record<Question, Readonly<Record<Outcome, number>>>>;
  /** The most common answer to each question; undefined before the first answer. */
  readonly outcomes?: Readonly<Record<Question, Outcome>>;
}

/** The results for two models; `pair` has the models' indices in the comparison's `models`. */
export interface PairResults {
  readonly pair: readonly [treated: number, baseline: number];
  readonly queries: number;
  /** Number of queries that have all wanted answers. */
  readonly complete: number;
  /** Number of raters who must give the same answer to decide a query. */
  readonly agreement: number;
  readonly answers: number;
  readonly questions: Readonly<Record<Question, QuestionResult>>;
  readonly prompts: readonly PromptResult[];
}

interface AnsweredQuery {
  readonly query: ComparedQuery;
  readonly given: readonly ComparisonAnswer[];
}

/** Computes the results of one pair of models from its queries and the answers of raters who are not excluded. */
export function pairResults(
  pair: PairResults['pair'],
  options: {
    queries: readonly ComparedQuery[];
    answers: readonly ComparisonAnswer[];
    raters: number;
    bootstrap: BootstrapOptions;
  },
): PairResults {
  const { queries, answers, raters, bootstrap } = options;
  const byQuery = groupBy(answers, ({ query }) => query);
  const all = queries.map((query): AnsweredQuery => ({ query, given: byQuery.get(query.id) ?? [] }));
  const answered = all.filter(({ given }) => given.length > 0);
  const prompts = all.map(promptResult);
  const resultOf = (question: Question) => questionResult(question, { answered, prompts, raters, bootstrap });
  return {
    pair,
    queries: queries.length,
    complete: all.filter(({ given }) => given.length >= raters).length,
    agreement: decidingVotes(raters),
    answers: answers.length,
    questions: byQuestion(resultOf),
    prompts,
  };
}

function promptResult({ query, given }: AnsweredQuery): PromptResult {
  const votes = byQuestion((question) =>
    byOutcome(
      (wanted) => given.filter((answer) => outcomeOf(answer[question], answer.treatedIsLeft) === wanted).length,
    ),
  );
  if (given.length === 0) return { query, answers: 0, votes };
  return { query, answers: given.length, votes, outcomes: byQuestion((question) => commonestOf(votes[question])) };
}

/** The most common outcome; 'tie' unless 'win' or 'lose' has more votes than each of the other outcomes. */
function commonestOf({ win, tie, lose }: Readonly<Record<Outcome, number>>): Outcome {
  if (win > Math.max(tie, lose)) return 'win';
  return lose > Math.max(tie, win) ? 'lose' : 'tie';
}

function questionResult(
  question: Question,
  options: {
    answered: readonly AnsweredQuery[];
    prompts: readonly PromptResult[];
    raters: number;
    bootstrap: BootstrapOptions;
  },
): QuestionResult {
  const { answered, prompts, raters, bootstrap } = options;
  const outcome = (answer: ComparisonAnswer) => outcomeOf(answer[question], answer.treatedIsLeft);
  const complete = answered.filter(({ given }) => given.length >= raters);
  // If late answers exceed the number asked for, only the first ones count, so that all queries have equally many.
  const votes = complete.map(({ given }) => given.slice(0, raters).map(outcome));
  const agreement = decidingVotes(raters);
  const { agreed, histogram } = summariseVotes(
    votes,
    complete.map(({ query }) => query),
    agreement,
  );
  const sides = answered.map(({ given }) =>
    given.filter((answer) => answer[question] !== 'tie').map((answer) => Number(answer[question] === 'left')),
  );
  const cells = groupBy(answered, ({ query: { category, seen } }) => JSON.stringify([category, seen]));
  const verdicts = prompts.flatMap(({ outcomes }) => (outcomes ? [outcomes[question]] : []));
  return {
    ...(answered.length === 0
      ? {}
      : { verdict: verdictOf(verdicts, bootstrap), shares: sharesOf(answered.map(outcomesOf), bootstrap) }),
    ...deviationsOf(answered, outcome),
    ...(sides.every((given) => given.length === 0) ? {} : { left: bootstrapMean(sides, bootstrap) }),
    cells: [...cells.values()].map((queries) => ({
      category: queries[0]!.query.category,
      seen: queries[0]!.query.seen,
      queries: queries.length,
      answers: queries.reduce((count, { given }) => count + given.length, 0),
      shares: sharesOf(queries.map(outcomesOf), bootstrap),
      ...deviationsOf(queries, outcome),
    })),
    decided: { agreed, histogram },
  };

  function outcomesOf({ given }: AnsweredQuery): Outcome[] {
    return given.map(outcome);
  }
}

/** An outcome as a number whose mean is the share of wins minus the share of losses. */
const WIN_MINUS_LOSS: Readonly<Record<Outcome, number>> = { win: 1, tie: 0, lose: -1 };

function verdictOf(outcomes: readonly Outcome[], bootstrap: BootstrapOptions): Verdict {
  const clusters = outcomes.map((outcome) => [outcome]);
  return {
    prompts: outcomes.length,
    ...sharesOf(clusters, bootstrap),
    difference: bootstrapMean(
      outcomes.map((outcome) => [WIN_MINUS_LOSS[outcome]]),
      bootstrap,
    ),
  };
}

/** Computes the share of each outcome; `outcomes` is indexed by [query][answer]. */
function sharesOf(outcomes: readonly (readonly Outcome[])[], bootstrap: BootstrapOptions): OutcomeShares {
  return byOutcome((wanted) =>
    bootstrapMean(
      outcomes.map((ofQuery) => ofQuery.map((outcome) => Number(outcome === wanted))),
      bootstrap,
    ),
  );
}

function deviationsOf(
  queries: readonly AnsweredQuery[],
  outcome: (answer: ComparisonAnswer) => Outcome,
): { deviations?: OutcomeDeviations } {
  const answers = queries.flatMap(({ given }) => given);
  const byRater = [...groupBy(answers, ({ rater }) => rater).values()];
  if (byRater.length < 2) return {};
  return {
    deviations: byOutcome((wanted) =>
      sampleDeviation(byRater.map((own) => own.filter((each) => outcome(each) === wanted).length / own.length)),
    ),
  };
}

function sampleDeviation(values: readonly number[]): number {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1));
}

function byOutcome<T>(make: (outcome: Outcome) => T): Record<Outcome, T> {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, make(outcome)])) as Record<Outcome, T>;
}

function byQuestion<T>(make: (question: Question) => T): Record<Question, T> {
  return Object.fromEntries(QUESTIONS.map((question) => [question, make(question)])) as Record<Question, T>;
}
