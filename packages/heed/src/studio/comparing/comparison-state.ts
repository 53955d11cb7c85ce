/**
 * Comparisons as the events of comparisons.jsonl leave them: what was started, which answers stand, what has ended. The
 * server and those who only read share it. Holds no clock, no files and nothing of who is being asked.
 */
import type { ComparedQuery, ComparisonAnswer, ComparisonEvent, StartedComparison } from './comparison-log.ts';

export interface QueryState {
  readonly comparison: ComparisonState;
  readonly query: ComparedQuery;
  /** The answers that stand, one a rater. */
  readonly byRater: Map<string, ComparisonAnswer>;
}

export interface ComparisonState {
  readonly started: StartedComparison;
  /** How many people answer each query. */
  raters: number;
  hasEnded: boolean;
  readonly queries: readonly QueryState[];
}

/** One comparison as it is by now. */
export interface OpenComparison {
  readonly started: StartedComparison;
  readonly raters: number;
  readonly hasEnded: boolean;
  /** In the order of the queries. */
  readonly answers: readonly ComparisonAnswer[];
}

export interface ComparisonStates {
  /** By id, in the order in which they were started. */
  readonly comparisons: ReadonlyMap<string, ComparisonState>;
  readonly queries: ReadonlyMap<string, QueryState>;
  /** All that were ever given, by id. */
  readonly answers: ReadonlyMap<string, ComparisonAnswer>;
  /** Ids of answers that were taken back. */
  readonly retracted: ReadonlySet<string>;
  /** Takes in the next event. What does not fit, such as a second answer of a rater, changes nothing. */
  apply(event: ComparisonEvent): void;
}

/** Nothing yet; `apply` takes the events in order. */
export function createComparisonStates(): ComparisonStates {
  const comparisons = new Map<string, ComparisonState>();
  const queries = new Map<string, QueryState>();
  const answers = new Map<string, ComparisonAnswer>();
  const retracted = new Set<string>();
  const appliers: { [Name in ComparisonEvent['event']]: (event: Extract<ComparisonEvent, { event: Name }>) => void } = {
    started(started) {
      const states: QueryState[] = [];
      const comparison: ComparisonState = { started, raters: started.raters, hasEnded: false, queries: states };
      for (const query of started.queries) {
        const state: QueryState = { comparison, query, byRater: new Map() };
        states.push(state);
        queries.set(query.id, state);
      }
      comparisons.set(started.id, comparison);
    },
    answered(answer) {
      const state = queries.get(answer.query);
      if (!state || state.byRater.has(answer.rater)) return;
      state.byRater.set(answer.rater, answer);
      answers.set(answer.id, answer);
    },
    retracted({ answer: id, rater }) {
      const answer = answers.get(id);
      const state = answer && queries.get(answer.query);
      if (answer?.rater !== rater || state?.byRater.get(rater)?.id !== id) return;
      state.byRater.delete(rater);
      retracted.add(id);
    },
    'raters-changed'({ comparison, raters }) {
      const state = comparisons.get(comparison);
      if (state) state.raters = raters;
    },
    ended({ comparison }) {
      const state = comparisons.get(comparison);
      if (state) state.hasEnded = true;
    },
  };
  return {
    comparisons,
    queries,
    answers,
    retracted,
    apply: (event) => (appliers[event.event] as (event: ComparisonEvent) => void)(event),
  };
}

/** All comparisons in the order in which they were started. */
export function openComparisons({ comparisons }: Pick<ComparisonStates, 'comparisons'>): OpenComparison[] {
  return [...comparisons.values()].map(({ started, raters, hasEnded, queries }) => ({
    started,
    raters,
    hasEnded,
    answers: queries.flatMap(({ byRater }) => [...byRater.values()]),
  }));
}

/**
 * How many answers a comparison asks for. Of two models, each query is answered by `raters` people. Of more, each
 * model's pictures of a prompt are judged by `raters` people on average, because not every pair has to be asked.
 */
export function answersWanted({ started, raters }: Pick<ComparisonState, 'started' | 'raters'>): number {
  const prompts = new Set(started.queries.map(({ prompt }) => prompt)).size;
  const wanted = Math.ceil((raters * prompts * started.models.length) / 2);
  return Math.min(raters * started.queries.length, wanted);
}
