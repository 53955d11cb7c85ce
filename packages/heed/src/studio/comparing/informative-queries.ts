/**
 * Which pair of more than two models to ask about next: the one whose answer is expected to tell most of the models'
 * strengths, both questions together. What is on raters' pages already counts as told, so that raters who ask at the
 * same time get different pairs.
 */
import { groupBy } from '../../collections/group-by.ts';
import { QUESTIONS } from '../../evaluate/evaluation.ts';
import { expectedInformation, fitBradleyTerry } from '../../statistics/index.ts';
import type { ComparisonState, QueryState } from './comparison-state.ts';
import { countWins } from './model-strengths.ts';
import type { QueryHolds } from './query-holds.ts';

/**
 * Up to `count` of the candidates, which are queries of the comparison; of a pair, those with the fewest answers first.
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
