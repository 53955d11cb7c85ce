/**
 * The state of all comparisons, computed from the events in comparisons.jsonl: the comparisons, whether each was ended,
 * and the answers that were not retracted. The server and read-only commands share this module. The module uses no
 * clock and no files, and does not know the leases.
 */
import type { ComparedQuery, ComparisonAnswer, ComparisonEvent, StartedComparison } from './comparison-log.ts';

export interface QueryState {
  readonly comparison: ComparisonState;
  readonly query: ComparedQuery;
  /** The answers that were not retracted, by rater. */
  readonly byRater: Map<string, ComparisonAnswer>;
}

export interface ComparisonState {
  readonly started: StartedComparison;
  /** Number of people who answer each query. */
  raters: number;
  hasEnded: boolean;
  readonly queries: readonly QueryState[];
}

/** One comparison with its current state. */
export interface OpenComparison {
  readonly started: StartedComparison;
  readonly raters: number;
  readonly hasEnded: boolean;
  /** The answers that were not retracted, in the order of the queries. */
  readonly answers: readonly ComparisonAnswer[];
}

export interface ComparisonStates {
  /** Comparisons by id, in the order of their start. */
  readonly comparisons: ReadonlyMap<string, ComparisonState>;
  readonly queries: ReadonlyMap<string, QueryState>;
  /** All answers ever given, including retracted answers, by id. */
  readonly answers: ReadonlyMap<string, ComparisonAnswer>;
  /** Ids of retracted answers. */
  readonly retracted: ReadonlySet<string>;
  /** Applies the next event. An invalid event, such as a second answer of a rater, changes nothing. */
  apply(event: ComparisonEvent): void;
}

/** Creates an empty state. The caller passes all events to `apply`, in the order of the file. */
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
 * Number of answers that a comparison needs. With two models, `raters` people answer each query. With more models,
 * raters need not see every pair: each model's pictures of a prompt get `raters` answers on average.
 */
export function answersWanted({ started, raters }: Pick<ComparisonState, 'started' | 'raters'>): number {
  const prompts = new Set(started.queries.map(({ prompt }) => prompt)).size;
  const wanted = Math.ceil((raters * prompts * started.models.length) / 2);
  return Math.min(raters * started.queries.length, wanted);
}
