/**
 * The state of labelling: the query that is shown, those prepared behind it, marks, undo. Answering never waits: the
 * next queries are leased and their images decoded before they are shown. No React here.
 */
import { ApiError, api, read } from '../api/client.ts';
import { createOutbox, type Outbox } from '../parts/outbox.ts';
import { prepareImage, type ShownImage } from '../parts/prepared-image.ts';
import { createStore, type Store } from '../parts/store.ts';
import { type Acknowledged, type LabellingEntry, type PracticeFeedback, sendEntry } from './entries.ts';

export type Mark = 'good' | 'bad';

export interface ShownQuery {
  id: string;
  prompt: string;
  images: ShownImage[];
  /** The rater is told afterwards what would have been right. */
  isPractice: boolean;
}

export interface Completion {
  code: string;
  /** Where to go back to. */
  url?: string | undefined;
}

export interface LabellerState {
  /** 'explaining' follows an answer of the practice round. */
  phase: 'loading' | 'asking' | 'explaining' | 'finished' | 'failed';
  query?: ShownQuery;
  marks: (Mark | undefined)[];
  /** Index of the image that keys act on. */
  current: number;
  answered: number;
  open: number;
  medianSeconds?: number;
  /** What a rater who is done can show to be paid. */
  completion?: Completion;
  canUndo: boolean;
  /** While explaining: what would have been right; absent until the server has said it. */
  explanation?: PracticeFeedback;
  /** Something the rater should know, until the next answer. */
  hint?: string;
  /** For the screen reader and the line under the images. */
  message: string;
  problem?: string;
}

export interface Labeller {
  readonly state: Store<LabellerState>;
  readonly outbox: Outbox<LabellingEntry>;
  select(index: number): void;
  /** Marks one image, or the current one, and moves on to the next without a mark. */
  mark(mark: Mark, index?: number): void;
  markAll(mark: Mark): void;
  skip(reason?: string): void;
  /** Answers the query that is shown with these marks. */
  answer(marks: readonly Mark[]): void;
  /** Goes on after an explanation. */
  goOn(): void;
  undo(): void;
  /** Tries again after a failure. */
  retry(): void;
  stop(): void;
}

interface PastAnswer {
  id: string;
  query: ShownQuery;
  marks: (Mark | undefined)[];
}

const QUERIES_AHEAD = 4;
/** Long enough to see the last mark, short enough not to wait. */
const SETTLE_MS = 220;
const UNDO_STEPS = 50;
const TOO_FAST =
  'That was quicker than anybody can look. Please look at each image before you judge; Undo brings the last ones back.';
const PRACTICE_IS_OVER = 'The practice is over: from now on your answers count.';

export function createLabeller(): Labeller {
  const ready: ShownQuery[] = [];
  const past: PastAnswer[] = [];
  const seen = new Set<string>();
  let shownAtMs = 0;
  let isFetching = false;
  let isStopped = false;
  /** The marks are those of an answer that was taken back, untouched. */
  let isRestored = false;
  let settling: ReturnType<typeof setTimeout> | undefined;
  let isPractising = false;
  /** The answer that is being explained. */
  let explainedId: string | undefined;

  const state = createStore<LabellerState>({
    phase: 'loading',
    marks: [],
    current: 0,
    answered: 0,
    open: 0,
    canUndo: false,
    message: '',
  });
  const update = (changes: Partial<LabellerState>) => state.set({ ...state.get(), ...changes });
  const heardBack = (entry: LabellingEntry, { tooFast, practice }: Acknowledged) => {
    if (entry.kind !== 'answer') return;
    if (tooFast) update({ hint: TOO_FAST });
    if (entry.id !== explainedId) return;
    // Where nobody vouches for the answer any more there is nothing to explain.
    if (practice === undefined) goOn();
    else update({ explanation: practice, message: 'Here is what would have been right.' });
  };
  const outbox = createOutbox<LabellingEntry, Acknowledged>({
    storageKey: 'heed-outbox',
    send: sendEntry,
    onSent: heardBack,
    onRefused: (entry, reason) => {
      update({ problem: `An ${entry.kind === 'answer' ? 'answer' : 'undo'} was not taken: ${reason}.` });
      if (entry.kind === 'answer' && entry.id === explainedId) goOn();
      void refreshStanding();
    },
  });

  const queriesUnderWay = () =>
    new Set(outbox.entries().flatMap((entry) => (entry.kind === 'answer' ? [entry.query] : [])));

  const refreshStanding = async () => {
    const { answered, open, medianSeconds, completion } = await read(api.labelling.standing.$get());
    update({
      answered,
      open,
      ...(medianSeconds === undefined ? {} : { medianSeconds }),
      ...(completion === undefined ? {} : { completion }),
    });
  };

  const show = (query: ShownQuery, marks: (Mark | undefined)[] = query.images.map(() => undefined)) => {
    shownAtMs = performance.now();
    isRestored = false;
    update({ phase: 'asking', query, marks, current: Math.max(0, marks.indexOf(undefined)) });
    if (isPractising && !query.isPractice) update({ hint: PRACTICE_IS_OVER });
    isPractising = query.isPractice;
    seen.add(query.id);
    // From now on the server counts the time; without a word from here, from when it handed the query out.
    read(api.labelling.shown.$post({ json: { query: query.id } })).catch(() => {});
  };

  const showNext = () => {
    const next = ready.shift();
    if (next) show(next);
    else {
      const { query: _, ...rest } = state.get();
      state.set({ ...rest, phase: 'loading', marks: [] });
    }
    void fetchAhead();
  };

  const goOn = () => {
    if (state.get().phase !== 'explaining') return;
    explainedId = undefined;
    const { explanation: _, ...rest } = state.get();
    state.set(rest);
    showNext();
  };

  const fetchAhead = async () => {
    if (isFetching || isStopped || ready.length >= QUERIES_AHEAD) return;
    isFetching = true;
    try {
      // The query that is shown is leased, too, and so are those whose answer is still under way.
      const count = Math.min(10, QUERIES_AHEAD + 1 + queriesUnderWay().size);
      const { queries } = await read(api.labelling.lease.$post({ json: { count } }));
      const shownId = state.get().query?.id;
      const fresh = queries.filter(({ id }) => id !== shownId && !seen.has(id) && !ready.some((q) => q.id === id));
      for (const { id, prompt, isPractice, images } of fresh) {
        const query = { id, prompt, isPractice, images: await Promise.all(images.map(prepareImage)) };
        if (isStopped) return;
        if (state.get().query === undefined && ready.length === 0) show(query);
        else ready.push(query);
      }
      if (state.get().query === undefined) {
        const next = ready.shift();
        if (next) show(next);
        else if (queriesUnderWay().size === 0) {
          await refreshStanding();
          update({ phase: 'finished' });
        }
        // Whether there are more is known once the answers have arrived.
        else setTimeout(() => void fetchAhead(), 500);
      }
    } catch (error) {
      if (state.get().query === undefined) update({ phase: 'failed', problem: describe(error) });
    } finally {
      isFetching = false;
    }
  };

  const settle = () => {
    clearTimeout(settling);
    const { marks } = state.get();
    if (marks.length > 0 && marks.every((mark) => mark !== undefined)) settling = setTimeout(submit, SETTLE_MS);
  };

  const submit = (skipReason?: { reason?: string }) => {
    clearTimeout(settling);
    const { query, marks, answered, open, phase } = state.get();
    if (!query || phase !== 'asking') return;
    const { isPractice } = query;
    const id = crypto.randomUUID();
    // What was explained is not to be answered again.
    if (!isPractice) past.push({ id, query, marks });
    if (past.length > UNDO_STEPS) past.shift();
    if (isPractice) explainedId = id;
    outbox.add({
      kind: 'answer',
      id,
      query: query.id,
      labels: skipReason ? null : (marks as Mark[]),
      seconds: Math.round((performance.now() - shownAtMs) / 10) / 100,
      ...(skipReason?.reason === undefined ? {} : { reason: skipReason.reason }),
    });
    const { problem: _, hint: __, ...rest } = state.get();
    if (isPractice) {
      state.set({ ...rest, phase: 'explaining', message: '' });
      return;
    }
    state.set({
      ...rest,
      answered: answered + 1,
      open: Math.max(0, open - 1),
      canUndo: true,
      message: skipReason ? 'Skipped.' : 'Saved.',
    });
    showNext();
  };

  const setMark = (index: number, mark: Mark) => {
    const { query, marks, phase } = state.get();
    if (!query || phase !== 'asking' || index >= marks.length) return;
    const next = marks.map((earlier, i) => (i === index ? mark : earlier));
    const open = next.findIndex((value, i) => value === undefined && i > index);
    const current = open === -1 ? next.indexOf(undefined) : open;
    isRestored = false;
    update({ marks: next, current: current === -1 ? index : current, message: `Image ${index + 1}: ${mark}.` });
    settle();
  };

  const start = async () => {
    update({ phase: 'loading' });
    try {
      await refreshStanding();
    } catch (error) {
      update({ phase: 'failed', problem: describe(error) });
      return;
    }
    await fetchAhead();
  };
  void start();

  return {
    state,
    outbox,
    select: (index) => {
      const { marks } = state.get();
      if (index >= 0 && index < marks.length) update({ current: index });
    },
    mark: (mark, index = state.get().current) => setMark(index, mark),
    markAll(mark) {
      const { query, phase } = state.get();
      if (!query || phase !== 'asking') return;
      isRestored = false;
      update({ marks: query.images.map(() => mark), message: `All images: ${mark}.` });
      settle();
    },
    answer(marks) {
      if (state.get().phase !== 'asking') return;
      update({ marks: [...marks] });
      submit();
    },
    goOn,
    skip: (reason) => submit(reason === undefined ? {} : { reason }),
    undo() {
      clearTimeout(settling);
      const { query, marks, answered, open, phase } = state.get();
      if (phase === 'explaining') return;
      // First take back the marks of the query that is shown, then whole answers.
      if (query && !isRestored && marks.some((mark) => mark !== undefined)) {
        update({ marks: query.images.map(() => undefined), current: 0, message: 'Marks cleared.' });
        return;
      }
      const last = past.pop();
      if (!last) return;
      outbox.add({ kind: 'retract', id: last.id });
      if (query) ready.unshift(query);
      show(last.query, last.marks);
      isRestored = true;
      update({ answered: answered - 1, open: open + 1, canUndo: past.length > 0, message: 'Taken back.' });
    },
    retry: () => void start(),
    stop() {
      isStopped = true;
      clearTimeout(settling);
    },
  };
}

function describe(error: unknown): string {
  return error instanceof ApiError ? error.message : String(error);
}
