/**
 * The state of comparing: the query that is shown, what is said to its two questions, undo, waiting and the end. An
 * answer is sent when the rater goes on; until then it can be changed. No React, no DOM and no texts here.
 */
import type { Completion } from '../labelling/labelling-api.ts';
import type { Activity } from '../parts/activity.ts';
import { createOutbox, type Outbox, type OutboxOptions } from '../parts/outbox.ts';
import type { ShownImage } from '../parts/prepared-image.ts';
import { randomId } from '../parts/random-id.ts';
import { createStore, type Store } from '../parts/store.ts';
import { createSupply } from '../parts/supply.ts';
import type { ComparingApi, ComparisonEntry, LeasedComparison } from './comparing-api.ts';
import { type Preference, QUESTION_NAMES, type Question } from './questions.ts';

export interface ShownComparison {
  id: string;
  prompt: string;
  left: ShownImage[];
  right: ShownImage[];
}

/** The last action, for the screen reader and the line under the images. */
export type ComparerMessage =
  | { kind: 'said'; question: Question; preference: Preference }
  | { kind: 'takenBack' | 'restored' | 'answered' | 'othersWereFaster' };

export interface ComparerProblem {
  kind: 'failed' | 'answerRefused' | 'undoRefused';
  reason: unknown;
}

export interface ComparerState {
  /** 'waiting' asks again by itself, and so does 'finished'. */
  phase: 'loading' | 'asking' | 'waiting' | 'finished' | 'failed';
  query?: ShownComparison | undefined;
  said: Partial<Record<Question, Preference>>;
  /** The question that keys answer. */
  current: Question;
  canUndo: boolean;
  answered: number;
  open: number;
  completion?: Completion | undefined;
  paidInSeconds?: number | undefined;
  message?: ComparerMessage | undefined;
  problem?: ComparerProblem | undefined;
}

export interface Comparer {
  readonly state: Store<ComparerState>;
  readonly outbox: Outbox<ComparisonEntry>;
  /** Answers a question, or the current one, and moves on to the first that is unanswered. */
  say(preference: Preference, question?: Question): void;
  /** Forgets what was said to the last answered question; where nothing is said, brings the last answer back. */
  undo(): void;
  /** Sends the answers, once both are there, and shows the next query. */
  goOn(): void;
  /** Tries again after a failure. */
  retry(): void;
  stop(): void;
}

export interface ComparerOptions {
  readonly api: ComparingApi;
  readonly activity: Pick<Activity, 'isActive' | 'onWake'>;
  readonly prepareImage: (image: LeasedComparison['left'][number]) => Promise<ShownImage>;
  readonly outbox: Pick<OutboxOptions<ComparisonEntry, unknown>, 'keeper' | 'kept' | 'wait' | 'nowMs'>;
  readonly nowMs?: () => number;
}

interface PastAnswer {
  id: string;
  query: ShownComparison;
  said: ComparerState['said'];
}

const QUERIES_AHEAD = 2;
const UNDO_STEPS = 50;

export function createComparer(options: ComparerOptions): Comparer {
  const { api, nowMs = () => performance.now() } = options;
  const past: PastAnswer[] = [];
  let shownAtMs = 0;
  /** What is said is that of an answer that was taken back, untouched. */
  let isRestored = false;

  const state = createStore<ComparerState>({
    phase: 'loading',
    said: {},
    current: 'alignment',
    canUndo: false,
    answered: 0,
    open: 0,
  });
  const update = (changes: Partial<ComparerState>) => state.set({ ...state.get(), ...changes });
  const outbox = createOutbox<ComparisonEntry>({
    ...options.outbox,
    send: api.send,
    onRefused: ({ kind }, reason) => {
      update({ problem: { kind: kind === 'answer' ? 'answerRefused' : 'undoRefused', reason } });
      void refreshStanding().catch(() => {});
    },
  });
  const queriesUnderWay = () =>
    new Set(outbox.entries().flatMap((entry) => (entry.kind === 'answer' ? [entry.query] : [])));
  const refreshStanding = async () => {
    const { answered, open, completion = state.get().completion, paidInSeconds } = await api.standing();
    // What is under way is not in the server's count yet.
    const pending = queriesUnderWay().size;
    update({ answered: answered + pending, open: Math.max(0, open - pending), completion, paidInSeconds });
  };
  const show = (query: ShownComparison, said: ComparerState['said'] = {}) => {
    shownAtMs = nowMs();
    isRestored = false;
    supply.noteSeen(query.id);
    const { problem } = state.get();
    update({
      phase: 'asking',
      query,
      said,
      current: 'alignment',
      problem: problem?.kind === 'failed' ? undefined : problem,
    });
  };
  const supply = createSupply<LeasedComparison, ShownComparison>({
    ahead: QUERIES_AHEAD,
    begin: refreshStanding,
    lease: api.lease,
    release: api.release,
    activity: options.activity,
    async prepare({ id, prompt, left, right }) {
      const [shownLeft, shownRight] = await Promise.all(
        [left, right].map((images) => Promise.all(images.map(options.prepareImage))),
      );
      return { id, prompt, left: shownLeft!, right: shownRight! };
    },
    shownId: () => state.get().query?.id,
    underWay: queriesUnderWay,
    onQuery: (query) => show(query),
    async onNothing() {
      await refreshStanding();
      update({ phase: state.get().open > 0 ? 'waiting' : 'finished' });
    },
    onFailed: (reason) => update({ phase: 'failed', problem: { kind: 'failed', reason } }),
    onGone() {
      if (Object.keys(state.get().said).length > 0) return;
      showNext();
      update({ message: { kind: 'othersWereFaster' } });
    },
  });
  const showNext = () => {
    const next = supply.take();
    if (next) show(next);
    else update({ phase: 'loading', query: undefined, said: {}, current: 'alignment' });
    void supply.fetchAhead();
  };
  const start = () => {
    update({ phase: 'loading', problem: undefined });
    void supply.fetchAhead();
  };
  start();

  return {
    state,
    outbox,
    say(preference, question = state.get().current) {
      const { query, said, current } = state.get();
      if (!query) return;
      const now = { ...said, [question]: preference };
      isRestored = false;
      update({
        canUndo: true,
        said: now,
        current: QUESTION_NAMES.find((name) => now[name] === undefined) ?? current,
        message: { kind: 'said', question, preference },
      });
    },
    undo() {
      const { query, said, answered, open } = state.get();
      const last = isRestored ? undefined : QUESTION_NAMES.findLast((name) => said[name] !== undefined);
      if (last !== undefined) {
        const { [last]: _, ...rest } = said;
        const canUndo = past.length > 0 || Object.keys(rest).length > 0;
        update({ said: rest, current: last, canUndo, message: { kind: 'takenBack' } });
        return;
      }
      const before = past.pop();
      if (!before) return;
      outbox.add({ kind: 'retract', id: before.id });
      if (query) supply.putBack(query);
      show(before.query, before.said);
      isRestored = true;
      const message = { kind: 'restored' } as const;
      update({ answered: answered - 1, open: open + 1, canUndo: past.length > 0, message });
    },
    goOn() {
      const { query, said, answered, open } = state.get();
      const { alignment, fidelity } = said;
      if (!query || alignment === undefined || fidelity === undefined) return;
      const seconds = Math.round((nowMs() - shownAtMs) / 100) / 10;
      const id = randomId();
      outbox.add({ kind: 'answer', id, query: query.id, alignment, fidelity, seconds });
      past.push({ id, query, said });
      if (past.length > UNDO_STEPS) past.shift();
      const counts = { answered: answered + 1, open: Math.max(0, open - 1) };
      update({ ...counts, canUndo: true, problem: undefined, message: { kind: 'answered' } });
      showNext();
    },
    retry: start,
    stop() {
      supply.stop();
      outbox.stop();
    },
  };
}
