/**
 * Chooses a rater's next queries. Queries that the rater's page has already leased come first, then queries of the
 * comparison that was started first. In a comparison of two models, queries with the fewest answers come first; with
 * more models, the most informative queries.
 */
import { groupBy } from '../../collections/group-by.ts';
import { answersWanted, type ComparisonState, type QueryState } from './comparison-state.ts';
import { informativeQueries } from './informative-queries.ts';
import type { QueryHolds } from './query-holds.ts';

/** Queries of unfinished comparisons that still need answers and that this rater has not answered. */
export function openQueries(comparisons: Iterable<ComparisonState>, rater: string): QueryState[] {
  return [...comparisons]
    .filter(isAsking)
    .flatMap(({ raters, queries }) => queries.filter(({ byRater }) => byRater.size < raters && !byRater.has(rater)));
}

/**
 * Number of queries that the rater may still be asked; a comparison adds no more than its number of missing answers.
 */
export function openCount(comparisons: Iterable<ComparisonState>, rater: string): number {
  return [...comparisons].reduce(
    (count, comparison) =>
      count + Math.min(openQueries([comparison], rater).length, answersWanted(comparison) - answerCount(comparison)),
    0,
  );
}

/**
 * Chooses up to `count` queries for one page of a rater. A query is left out when its answers and the leases of other
 * raters reach the wanted number of answers.
 */
export function chooseQueries(
  comparisons: Iterable<ComparisonState>,
  options: { rater: string; page: string; count: number; holds: QueryHolds },
): QueryState[] {
  const { rater, page, count, holds } = options;
  // A query whose answer was taken back has no page yet; the rater's next page to ask gets it.
  const isOwn = ({ query }: QueryState) => ['', page].includes(holds.pageOf(query.id, rater) ?? '-');
  const isFree = (state: QueryState) =>
    state.byRater.size + holds.others(state.query.id, rater) < state.comparison.raters;
  const free = openQueries(comparisons, rater).filter((state) =>
    holds.pageOf(state.query.id, rater) === undefined ? isFree(state) : isOwn(state),
  );
  const chosen = free.filter(isOwn).slice(0, count);
  for (const others of groupBy(
    free.filter((state) => !isOwn(state)),
    ({ comparison }) => comparison.started.id,
  ).values()) {
    if (chosen.length >= count) break;
    const { comparison } = others[0]!;
    const wanted = Math.min(count - chosen.length, placesLeft(comparison, holds));
    chosen.push(...nextOf(others, { comparison, count: wanted, holds }));
  }
  return chosen;
}

function nextOf(
  free: readonly QueryState[],
  options: { comparison: ComparisonState; count: number; holds: QueryHolds },
): QueryState[] {
  if (options.comparison.started.models.length > 2) return informativeQueries(free, options);
  return [...free].sort((a, b) => a.byRater.size - b.byRater.size).slice(0, options.count);
}

/** Number of missing answers for which no rater has a lease yet. */
function placesLeft(comparison: ComparisonState, holds: QueryHolds): number {
  const held = comparison.queries.reduce((count, { query }) => count + holds.count(query.id), 0);
  return Math.max(0, answersWanted(comparison) - answerCount(comparison) - held);
}

/** Whether the comparison still needs answers and was not ended. */
export function isAsking(comparison: ComparisonState): boolean {
  return !comparison.hasEnded && answerCount(comparison) < answersWanted(comparison);
}

function answerCount({ queries }: ComparisonState): number {
  return queries.reduce((count, { byRater }) => count + byRater.size, 0);
}
