/**
 * The state of comparing: the query that is shown, what is said to its two questions, the next queries with their images
 * decoded. An answer is sent when the rater goes on; until then it can be changed. No React here.
 */
import { ApiError, api, read } from '../api/client.ts';
import { createOutbox, type Outbox } from '../parts/outbox.ts';
import { prepareImage, type ShownImage } from '../parts/prepared-image.ts';
import { createStore, type Store } from '../parts/store.ts';
import { type Preference, QUESTION_NAMES, type Question } from './questions.ts';

export interface ShownComparison {
  id: string;
  prompt: string;
  left: ShownImage[];
  right: ShownImage[];
}

export interface ComparerState {
  phase: 'loading' | 'asking' | 'finished' | 'failed';
  query?: ShownComparison;
  said: Partial<Record<Question, Preference>>;
  /** The question that keys answer. */
  current: Question;
  canUndo: boolean;
  answered: number;
  open: number;
  /** For the screen reader and the line under the images. */
  message: string;
  problem?: string;
}

/** What the rater did: answered a query, or took an answer back. */
export type ComparisonEntry =
  | {
      kind: 'answer';
      id: string;
      query: string;
      alignment: Preference;
      fidelity: Preference;
      seconds: number;
    }
  | { kind: 'retract'; id: string };

interface PastAnswer {
  id: string;
  query: ShownComparison;
  said: ComparerState['said'];
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

const QUERIES_AHEAD = 2;
const LOOK_AGAIN_MS = 500;
const UNDO_STEPS = 50;

export function createComparer(): Comparer {
  const ready: ShownComparison[] = [];
  const past: PastAnswer[] = [];
  const seen = new Set<string>();
  let shownAtMs = 0;
  let isFetching = false;
  let isStopped = false;
  /** What is said is that of an answer that was taken back, untouched. */
  let isRestored = false;

  const state = createStore<ComparerState>({
    phase: 'loading',
    said: {},
    current: 'alignment',
    canUndo: false,
    answered: 0,
    open: 0,
    message: '',
  });
  const update = (changes: Partial<ComparerState>) => state.set({ ...state.get(), ...changes });
  const outbox = createOutbox<ComparisonEntry>({
    storageKey: 'heed-comparison-outbox',
    send: sendEntry,
    onRefused: ({ kind }, reason) => {
      update({ problem: `An ${kind === 'answer' ? 'answer' : 'undo'} was not taken: ${reason}.` });
      void refreshStanding();
    },
  });
  const refreshStanding = async () => update(await read(api.comparing.standing.$get()));

  const show = (query: ShownComparison, said: ComparerState['said'] = {}) => {
    shownAtMs = performance.now();
    isRestored = false;
    seen.add(query.id);
    update({ phase: 'asking', query, said, current: 'alignment' });
  };

  const fetchAhead = async () => {
    if (isFetching || isStopped || ready.length >= QUERIES_AHEAD) return;
    isFetching = true;
    try {
      // Those that are shown or whose answer is still under way are held, too.
      const count = Math.min(10, QUERIES_AHEAD + 1 + outbox.entries().length);
      const { queries } = await read(api.comparing.lease.$post({ json: { count } }));
      const known = (id: string) => seen.has(id) || ready.some((query) => query.id === id);
      for (const { id, prompt, left, right } of queries.filter((query) => !known(query.id))) {
        const [shownLeft, shownRight] = await Promise.all(
          [left, right].map((images) => Promise.all(images.map(prepareImage))),
        );
        if (isStopped) return;
        ready.push({ id, prompt, left: shownLeft!, right: shownRight! });
        if (state.get().query === undefined) show(ready.shift()!);
      }
      if (state.get().query === undefined) {
        if (outbox.entries().length === 0) update({ phase: 'finished' });
        // Whether there are more is known once the answers have arrived.
        else setTimeout(() => void fetchAhead(), LOOK_AGAIN_MS);
      }
    } catch (error) {
      if (state.get().query === undefined) update({ phase: 'failed', problem: describe(error) });
    } finally {
      isFetching = false;
    }
  };

  const start = async () => {
    const { problem: _, ...rest } = state.get();
    state.set({ ...rest, phase: 'loading' });
    try {
      await refreshStanding();
      await fetchAhead();
    } catch (error) {
      update({ phase: 'failed', problem: describe(error) });
    }
  };
  void start();

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
        message: `${question === 'alignment' ? 'Fits the text better' : 'Looks better'}: ${preference}.`,
      });
    },
    undo() {
      const { query, said, answered, open } = state.get();
      const last = isRestored ? undefined : QUESTION_NAMES.findLast((name) => said[name] !== undefined);
      if (last !== undefined) {
        const { [last]: _, ...rest } = said;
        const canUndo = past.length > 0 || Object.keys(rest).length > 0;
        update({ said: rest, current: last, canUndo, message: 'Taken back.' });
        return;
      }
      const before = past.pop();
      if (!before) return;
      outbox.add({ kind: 'retract', id: before.id });
      if (query) ready.unshift(query);
      show(before.query, before.said);
      isRestored = true;
      update({
        answered: answered - 1,
        open: open + 1,
        canUndo: past.length > 0,
        message: 'The last answer is back; change it and go on.',
      });
    },
    goOn() {
      const { query, said, answered, open } = state.get();
      const { alignment, fidelity } = said;
      if (!query || alignment === undefined || fidelity === undefined) return;
      const seconds = Math.round((performance.now() - shownAtMs) / 100) / 10;
      const id = crypto.randomUUID();
      outbox.add({ kind: 'answer', id, query: query.id, alignment, fidelity, seconds });
      past.push({ id, query, said });
      if (past.length > UNDO_STEPS) past.shift();
      update({ answered: answered + 1, open: Math.max(0, open - 1), canUndo: true, message: 'Saved.' });
      const next = ready.shift();
      if (next) show(next);
      else {
        const { query: _, ...rest } = state.get();
        state.set({ ...rest, phase: 'loading', said: {}, current: 'alignment' });
      }
      void fetchAhead();
    },
    retry: () => void start(),
    stop() {
      isStopped = true;
    },
  };
}

function sendEntry(entry: ComparisonEntry): Promise<unknown> {
  if (entry.kind === 'retract') return read(api.comparing.answers[':id'].retract.$post({ param: { id: entry.id } }));
  // What an earlier version of this page left in the browser's storage names no kind.
  const { kind: _, ...json } = entry;
  return read(api.comparing.answers.$post({ json }));
}

function describe(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}
