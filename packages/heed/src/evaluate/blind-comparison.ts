/**
 * Blind comparisons (figures 4 and 6, tables 5 to 7) of two sets of images of one prompt. For each rater, a seeded
 * random generator decides which of the two sets is on the left. Alignment and fidelity are asked separately. The
 * caller supplies the raters.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { ComparisonVerdict, Facts, Recognition } from '../ports.ts';
import type { Comparison, Outcome, Question, VoteCell, VoteShare, VoteSummary } from './evaluation.ts';
import { OUTCOMES, QUESTIONS } from './evaluation.ts';

/** A rater who compares two sets without knowing their source. */
export interface ComparingRater {
  compare(left: readonly Recognition[], right: readonly Recognition[], facts: Facts): ComparisonVerdict;
}

/** One prompt's two sets. */
export interface ComparisonQuery {
  readonly category: string;
  readonly seen: boolean;
  readonly facts: Facts;
  readonly treated: readonly Recognition[];
  readonly baseline: readonly Recognition[];
}

/** One rater's answers to one query, converted from 'left' and 'right' to the arms. */
type Ballot = Readonly<Record<Question, Outcome>>;

export interface ComparisonOptions {
  readonly treated: string;
  readonly baseline: string;
  readonly queries: readonly ComparisonQuery[];
  readonly raters: readonly ComparingRater[];
  readonly seed: number;
}

/** Asks every rater every query and counts the answers. */
export function compareArms({ treated, baseline, queries, raters, seed }: ComparisonOptions): Comparison {
  const random = createRandom(seed).fork(`sides of ${treated} and ${baseline}`);
  const ballots = queries.map((query) => raters.map((rater) => castBallot(rater, query, random.uniform() < 0.5)));
  const agreement = decidingVotes(raters.length);
  const answers = Object.fromEntries(
    QUESTIONS.map((question) => {
      const outcomes = ballots.map((ofQuery) => ofQuery.map((ballot) => ballot[question]));
      return [question, summariseVotes(outcomes, queries, agreement)];
    }),
  ) as Record<Question, VoteSummary>;
  return {
    treated,
    baseline,
    queries: queries.length,
    raters: raters.length,
    agreement,
    setSize: queries[0]?.treated.length ?? 0,
    answers,
  };
}

/** Number of raters who must give the same answer before a query is called decided: 7 of 9 in the paper. */
export function decidingVotes(raters: number): number {
  return Math.ceil((7 / 9) * raters);
}

/** Converts a preference for a side to an outcome for the treated arm. */
export function outcomeOf(preference: 'left' | 'right' | 'tie', treatedIsLeft: boolean): Outcome {
  return preference === 'tie' ? 'tie' : (preference === 'left') === treatedIsLeft ? 'win' : 'lose';
}

function castBallot(rater: ComparingRater, query: ComparisonQuery, treatedIsLeft: boolean): Ballot {
  const [left, right] = treatedIsLeft ? [query.treated, query.baseline] : [query.baseline, query.treated];
  const verdict = rater.compare(left, right, query.facts);
  return {
    alignment: outcomeOf(verdict.alignment, treatedIsLeft),
    fidelity: outcomeOf(verdict.fidelity, treatedIsLeft),
  };
}

/** Counts outcomes [query][rater]. */
export function summariseVotes(
  outcomes: readonly (readonly Outcome[])[],
  queries: readonly { readonly category: string; readonly seen: boolean }[],
  agreement: number,
): VoteSummary {
  const raters = outcomes[0]?.length ?? 0;
  const votesFor = (outcome: Outcome) => outcomes.map((ofQuery) => ofQuery.filter((o) => o === outcome).length);
  const table = <T>(entry: (outcome: Outcome) => T) =>
    Object.fromEntries(OUTCOMES.map((outcome) => [outcome, entry(outcome)])) as Record<Outcome, T>;
  return {
    votes: table((outcome) => votesFor(outcome).reduce((total, votes) => total + votes, 0)),
    agreed: table(
      (outcome) => votesFor(outcome).filter((votes) => votes >= agreement).length / Math.max(1, outcomes.length),
    ),
    histogram: table((outcome) => {
      const counts = new Array<number>(raters + 1).fill(0);
      for (const votes of votesFor(outcome)) counts[votes]! += 1;
      return counts;
    }),
    cells: cellsOf(outcomes, queries),
  };
}

function cellsOf(
  outcomes: readonly (readonly Outcome[])[],
  queries: readonly { readonly category: string; readonly seen: boolean }[],
): VoteCell[] {
  const categories = [...new Set(queries.map(({ category }) => category))];
  return [true, false].flatMap((seen) =>
    categories.flatMap((category) => {
      const chosen = outcomes.filter((_, i) => queries[i]!.category === category && queries[i]!.seen === seen);
      if (chosen.length === 0) return [];
      const shares = Object.fromEntries(
        OUTCOMES.map((outcome) => [outcome, shareOverRaters(chosen, outcome)]),
      ) as Record<Outcome, VoteShare>;
      return [{ category, seen, queries: chosen.length, shares }];
    }),
  );
}

/** Each rater's share of queries with this outcome, as mean and sample standard deviation over the raters. */
function shareOverRaters(outcomes: readonly (readonly Outcome[])[], outcome: Outcome): VoteShare {
  const raters = outcomes[0]!.length;
  const shares = Array.from(
    { length: raters },
    (_, rater) => outcomes.filter((ofQuery) => ofQuery[rater] === outcome).length / outcomes.length,
  );
  const mean = shares.reduce((total, share) => total + share, 0) / raters;
  const squares = shares.reduce((total, share) => total + (share - mean) ** 2, 0);
  return { mean, deviation: raters > 1 ? Math.sqrt(squares / (raters - 1)) : 0 };
}
