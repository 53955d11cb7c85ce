/**
 * In a comparison of more than two models, chooses the pair whose answer should tell most about the models' strengths.
 * The expected information is summed over both questions. Pairs that are already on raters' pages are treated as
 * answered, so that concurrent raters get different pairs.
 */
import { groupBy } from '../../collections/group-by.ts';
import { QUESTIONS } from '../../evaluate/evaluation.ts';
import { expectedInformation, fitBradleyTerry } from '../../statistics/index.ts';
import type { ComparisonState, QueryState } from './comparison-state.ts';
import { countWins } from './model-strengths.ts';
import type { QueryHolds } from './query-holds.ts';

/**
 * Chooses up to `count` of the candidate queries. Among the queries of one pair of models, queries with the fewest
 * answers come first.
 */
export function informativeQueries(
  candidates: readonly QueryState[],
  { comparison, count, holds }: { comparison: ComparisonState; count: number; holds: Pick<QueryHolds, 'count'> },
): QueryState[] {
  const models = comparison.started.models.length;
  const answers = comparison.queries.flatMap(({ query, byRater }) =>
    [...byRater.values()].map((answer) => ({ query, answer })),
  );
  const wins = QUESTIONS.map((question) => countWins(answers, question, models));
  const underWay = Array.from({ length: models }, () => new Array<number>(models).fill(0));
  const note = ({ query: { pair } }: QueryState, more: number) => {
    const [i, j] = pair;
    underWay[i]![j]! += more;
    underWay[j]![i]! += more;
  };
  for (const state of comparison.queries) note(state, holds.count(state.query.id));
  const byPair = [
    ...groupBy(
      [...candidates].sort((a, b) => a.byRater.size - b.byRater.size),
      ({ query }) => query.pair.join(),
    ).values(),
  ];
  const chosen: QueryState[] = [];
  while (chosen.length < count) {
    const left = byPair.filter((states) => states.length > 0);
    if (left.length === 0) break;
    const fits = wins.map((ofQuestion) => fitBradleyTerry(ofQuestion, { underWay }));
    const worth = (states: readonly QueryState[]) => {
      const [i, j] = states[0]!.query.pair;
      return fits.reduce((sum, fit) => sum + expectedInformation(fit, i, j), 0);
    };
    const best = left.reduce((most, states) => (worth(states) > worth(most) ? states : most));
    const next = best.shift()!;
    chosen.push(next);
    note(next, 1);
  }
  return chosen;
}
