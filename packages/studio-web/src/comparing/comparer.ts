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
  answered: number;
  open: number;
  /** For the screen reader and the line under the images. */
  message: string;
  problem?: string;
}

export interface ComparisonEntry {
  id: string;
  query: string;
  alignment: Preference;
  fidelity: Preference;
  seconds: number;
}

export interface Comparer {
  readonly state: Store<ComparerState>;
  readonly outbox: Outbox<ComparisonEntry>;
  /** Answers a question, or the current one, and moves on to the first that is unanswered. */
  say(preference: Preference, question?: Question): void;
  /** Forgets what was said to the last answered question. */
  undo(): void;
  /** Sends the answers, once both are there, and shows the next query. */
  goOn(): void;
  /** Tries again after a failure. */
  retry(): void;
  stop(): void;
}

const QUERIES_AHEAD = 2;
const LOOK_AGAIN_MS = 500;

export function createComparer(): Comparer {
  const ready: ShownComparison[] = [];
  const seen = new Set<string>();
  let shownAtMs = 0;
  let isFetching = false;
  let isStopped = false;

  const state = createStore<ComparerState>({
    phase: 'loading',
    said: {},
    current: 'alignment',
    answered: 0,
    open: 0,
    message: '',
  });
  const update = (changes: Partial<ComparerState>) => state.set({ ...state.get(), ...changes });
  const outbox = createOutbox<ComparisonEntry>({
    storageKey: 'heed-comparison-outbox',
    send: (json) => read(api.comparing.answers.$post({ json })),
    onRefused: (_, reason) => {
      update({ problem: `An answer was not taken: ${reason}.` });
      void refreshStanding();
    },
  });
  const refreshStanding = async () => update(await read(api.comparing.standing.$get()));

  const show = (query: ShownComparison) => {
    shownAtMs = performance.now();
    seen.add(query.id);
    update({ phase: 'asking', query, said: {}, current: 'alignment' });
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
      update({
        said: now,
        current: QUESTION_NAMES.find((name) => now[name] === undefined) ?? current,
        message: `${question === 'alignment' ? 'Fits the text better' : 'Looks better'}: ${preference}.`,
      });
    },
    undo() {
      const { said } = state.get();
      const last = QUESTION_NAMES.findLast((name) => said[name] !== undefined);
      if (last === undefined) return;
      const { [last]: _, ...rest } = said;
      update({ said: rest, current: last, message: 'Taken back.' });
    },
    goOn() {
      const { query, said, answered, open } = state.get();
      const { alignment, fidelity } = said;
      if (!query || alignment === undefined || fidelity === undefined) return;
      const seconds = Math.round((performance.now() - shownAtMs) / 100) / 10;
      outbox.add({ id: crypto.randomUUID(), query: query.id, alignment, fidelity, seconds });
      update({ answered: answered + 1, open: Math.max(0, open - 1), message: '' });
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

function describe(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}
