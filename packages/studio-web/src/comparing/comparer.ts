/**
 * The actions of a rater on the comparing page: answer the two questions of a query, undo, continue. An answer is sent
 * when the rater continues, and can be changed until then. The module uses no React, no DOM and no texts.
 */
import type { Outbox } from '../parts/outbox.ts';
import { randomId } from '../parts/random-id.ts';
import { createStore, type Store } from '../parts/store.ts';
import { type ComparerOptions, createComparerQueries } from './comparer-queries.ts';
import {
  type ComparerState,
  counting,
  FIRST_STATE,
  forgettingLast,
  type Said,
  type ShownComparison,
  saying,
  wholeAnswer,
} from './comparer-state.ts';
import type { ComparisonEntry } from './comparing-api.ts';
import type { Preference, Question } from './questions.ts';

export interface Comparer {
  readonly state: Store<ComparerState>;
  readonly outbox: Outbox<ComparisonEntry>;
  /**
   * Answers `question`, by default the current question; the first unanswered question then becomes the current one.
   */
  say(preference: Preference, question?: Question): void;
  /**
   * Clears the answer to the last answered question. When no question is answered, the previous query is shown again
   * with its answers.
   */
  undo(): void;
  /** If both questions are answered, sends the answers and shows the next query. */
  goOn(): void;
  /** Requests queries again after a failure. */
  retry(): void;
  stop(): void;
}

interface PastAnswer {
  id: string;
  query: ShownComparison;
  said: Said;
}

const UNDO_STEPS = 50;

export function createComparer(options: ComparerOptions): Comparer {
  const { nowMs = () => performance.now() } = options;
  const past: PastAnswer[] = [];
  let shownAtMs = 0;
  /** Whether `undo` has restored the shown answers from an earlier query, and the rater has not changed any since. */
  let isRestored = false;
  const state = createStore<ComparerState>(FIRST_STATE);
  const update = (changes: Partial<ComparerState>) => state.set({ ...state.get(), ...changes });
  const queries = createComparerQueries(state, {
    ...options,
    onShown() {
      shownAtMs = nowMs();
      isRestored = false;
    },
  });
  const restoreLast = () => {
    const last = past.pop();
    if (!last) return;
    const { query } = state.get();
    queries.outbox.add({ kind: 'retract', id: last.id, page: options.api.page });
    if (query) queries.putBack(query);
    queries.show(last.query, last.said);
    isRestored = true;
    update({ ...counting(state.get(), -1), canUndo: past.length > 0, message: { kind: 'restored' } });
  };
  queries.start();

  return {
    state,
    outbox: queries.outbox,
    say(preference, question = state.get().current) {
      if (!state.get().query) return;
      isRestored = false;
      update(saying(state.get(), { question, preference }));
    },
    undo() {
      const forgotten = isRestored ? undefined : forgettingLast(state.get(), { hasPast: past.length > 0 });
      if (forgotten) update(forgotten);
      else restoreLast();
    },
    goOn() {
      const { query, said } = state.get();
      const answer = wholeAnswer(state.get());
      if (!query || !answer) return;
      const seconds = Math.round((nowMs() - shownAtMs) / 100) / 10;
      const id = randomId();
      queries.outbox.add({ kind: 'answer', id, query: query.id, ...answer, seconds });
      past.push({ id, query, said });
      if (past.length > UNDO_STEPS) past.shift();
      update({ ...counting(state.get(), 1), canUndo: true, problem: undefined, message: { kind: 'answered' } });
      queries.showNext();
    },
    retry: queries.start,
    stop: queries.stop,
  };
}
