/**
 * The state of labelling: the query that is shown, marks, undo, the practice round, waiting and the end. Answering never
 * waits: the next queries are there before they are shown. No React, no DOM and no texts here.
 */
import type { ApiError } from '../api/client.ts';
import type { Activity } from '../parts/activity.ts';
import { createOutbox, type Outbox, type OutboxOptions } from '../parts/outbox.ts';
import type { ShownImage } from '../parts/prepared-image.ts';
import { randomId } from '../parts/random-id.ts';
import { createStore, type Store } from '../parts/store.ts';
import { createSupply } from '../parts/supply.ts';
import type { Acknowledged, LabellingEntry, PracticeFeedback } from './entries.ts';
import type { Completion, LabellingApi, LabellingStanding, LeasedQuery } from './labelling-api.ts';
import { type Mark, nextUnmarked } from './marks.ts';

export interface ShownQuery {
  id: string;
  prompt: string;
  images: ShownImage[];
  /** The rater is told afterwards what would have been right. */
  isPractice: boolean;
}

/** The last action, for the screen reader and the line under the images. */
export type LabellerMessage =
  | { kind: 'marked'; image: number; mark: Mark }
  | { kind: 'allMarked'; mark: Mark }
  | { kind: 'cleared' | 'takenBack' | 'answered' | 'skipped' | 'explained' | 'othersWereFaster' };

export interface LabellerProblem {
  kind: 'failed' | 'answerRefused' | 'undoRefused';
  reason: unknown;
}

export interface LabellerState {
  /** 'explaining' follows an answer of the practice round; 'waiting' asks again by itself, and so does 'finished'. */
  phase: 'loading' | 'asking' | 'explaining' | 'waiting' | 'finished' | 'failed';
  query?: ShownQuery | undefined;
  marks: (Mark | undefined)[];
  /** Index of the image that keys act on. */
  current: number;
  answered: number;
  open: number;
  medianSeconds?: number | undefined;
  /** What a rater who is done can show to be paid. */
  completion?: Completion | undefined;
  paidInSeconds?: number | undefined;
  /** Comparisons that the rater may still be asked for. */
  openComparisons?: number | undefined;
  canUndo: boolean;
  /** While explaining: what would have been right; absent until the server has said it. */
  explanation?: PracticeFeedback | undefined;
  /** Something the rater should know, until the next answer. */
  hint?: 'tooFast' | 'practiceIsOver' | undefined;
  message?: LabellerMessage | undefined;
  problem?: LabellerProblem | undefined;
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

export interface LabellerOptions {
  readonly api: LabellingApi;
  readonly activity: Pick<Activity, 'isActive' | 'onWake'>;
  readonly prepareImage: (image: LeasedQuery['images'][number]) => Promise<ShownImage>;
  readonly outbox: Pick<OutboxOptions<LabellingEntry, Acknowledged>, 'keeper' | 'kept' | 'wait' | 'nowMs'>;
  readonly nowMs?: () => number;
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

export function createLabeller(options: LabellerOptions): Labeller {
  const { api, nowMs = () => performance.now() } = options;
  const past: PastAnswer[] = [];
  let shownAtMs = 0;
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
  });
  const update = (changes: Partial<LabellerState>) => state.set({ ...state.get(), ...changes });
  const takeStanding = ({ answered, open, ...more }: LabellingStanding) => {
    // What is under way is not in the server's count yet.
    const pending = queriesUnderWay().size;
    const { medianSeconds = state.get().medianSeconds, completion = state.get().completion } = more;
    const counts = { answered: answered + pending, open: Math.max(0, open - pending) };
    const { paidInSeconds, openComparisons } = more;
    update({ ...counts, medianSeconds, completion, paidInSeconds, openComparisons });
  };
  const refreshStanding = async () => takeStanding(await api.standing());

  const outbox = createOutbox<LabellingEntry, Acknowledged>({
    ...options.outbox,
    send: api.send,
    onSent: (entry, { tooFast, practice }) => {
      if (entry.kind !== 'answer') return;
      if (tooFast) update({ hint: 'tooFast' });
      if (entry.id !== explainedId) return;
      // Where nobody vouches for the answer any more there is nothing to explain.
      if (practice === undefined) goOn();
      else update({ explanation: practice, message: { kind: 'explained' } });
    },
    onRefused: (entry, reason: ApiError) => {
      const isAnswer = entry.kind === 'answer';
      update({ problem: { kind: isAnswer ? 'answerRefused' : 'undoRefused', reason } });
      if (isAnswer && entry.id === explainedId) goOn();
      void refreshStanding().catch(() => {});
    },
  });
  const queriesUnderWay = () =>
    new Set(outbox.entries().flatMap((entry) => (entry.kind === 'answer' ? [entry.query] : [])));

  const show = (query: ShownQuery, marks: (Mark | undefined)[] = query.images.map(() => undefined)) => {
    shownAtMs = nowMs();
    isRestored = false;
    const isOver = isPractising && !query.isPractice;
    isPractising = query.isPractice;
    supply.noteSeen(query.id);
    update({
      phase: 'asking',
      query,
      marks,
      current: Math.max(0, marks.indexOf(undefined)),
      problem: state.get().problem?.kind === 'failed' ? undefined : state.get().problem,
      ...(isOver ? { hint: 'practiceIsOver' } : {}),
    });
    // From now on the server counts the time; without a word from here, from when it handed the query out.
    api.shown(query.id).catch(() => {});
  };
  const supply = createSupply<LeasedQuery, ShownQuery>({
    ahead: QUERIES_AHEAD,
    begin: refreshStanding,
    lease: api.lease,
    release: api.release,
    activity: options.activity,
    prepare: async ({ id, prompt, isPractice, images }) => ({
      id,
      prompt,
      isPractice,
      images: await Promise.all(images.map(options.prepareImage)),
    }),
    shownId: () => state.get().query?.id,
    underWay: queriesUnderWay,
    onQuery: (query) => show(query),
    async onNothing() {
      await refreshStanding();
      update({ phase: state.get().open > 0 ? 'waiting' : 'finished' });
    },
    onFailed: (reason) => update({ phase: 'failed', problem: { kind: 'failed', reason } }),
    onGone() {
      // Marks that somebody has begun are worth an answer all the same.
      if (state.get().phase !== 'asking' || state.get().marks.some(Boolean)) return;
      showNext();
      update({ message: { kind: 'othersWereFaster' } });
    },
  });
  const showNext = () => {
    const next = supply.take();
    if (next) show(next);
    else update({ phase: 'loading', query: undefined, marks: [] });
    void supply.fetchAhead();
  };
  const goOn = () => {
    if (state.get().phase !== 'explaining') return;
    explainedId = undefined;
    update({ explanation: undefined, message: undefined });
    showNext();
  };
  const settle = () => {
    clearTimeout(settling);
    const { marks } = state.get();
    if (marks.length > 0 && marks.every((mark) => mark !== undefined)) settling = setTimeout(submit, SETTLE_MS);
  };

  const submit = (skipped?: { reason?: string }) => {
    clearTimeout(settling);
    const { query, marks, answered, open, phase } = state.get();
    if (!query || phase !== 'asking') return;
    const { isPractice } = query;
    const id = randomId();
    // What was explained is not to be answered again.
    if (!isPractice) past.push({ id, query, marks });
    if (past.length > UNDO_STEPS) past.shift();
    if (isPractice) explainedId = id;
    outbox.add({
      kind: 'answer',
      id,
      query: query.id,
      labels: skipped ? null : (marks as Mark[]),
      seconds: Math.round((nowMs() - shownAtMs) / 10) / 100,
      ...(skipped?.reason === undefined ? {} : { reason: skipped.reason }),
    });
    const done = { problem: undefined, hint: undefined };
    if (isPractice) {
      update({ ...done, phase: 'explaining', message: undefined });
      return;
    }
    const message = { kind: skipped ? 'skipped' : 'answered' } as const;
    update({ ...done, answered: answered + 1, open: Math.max(0, open - 1), canUndo: true, message });
    showNext();
  };
  const mark = (index: number, given: Mark) => {
    const { query, marks, phase } = state.get();
    if (!query || phase !== 'asking' || index < 0 || index >= marks.length) return;
    const next = marks.map((earlier, i) => (i === index ? given : earlier));
    isRestored = false;
    const message = { kind: 'marked', image: index + 1, mark: given } as const;
    update({ marks: next, current: nextUnmarked(next, index), message });
    settle();
  };
  const undo = () => {
    clearTimeout(settling);
    const { query, marks, answered, open, phase } = state.get();
    if (phase === 'explaining') return;
    // First take back the marks of the query that is shown, then whole answers.
    if (query && !isRestored && marks.some((given) => given !== undefined)) {
      update({ marks: query.images.map(() => undefined), current: 0, message: { kind: 'cleared' } });
      return;
    }
    const last = past.pop();
    if (!last) return;
    outbox.add({ kind: 'retract', id: last.id });
    if (query) supply.putBack(query);
    show(last.query, last.marks);
    isRestored = true;
    const message = { kind: 'takenBack' } as const;
    update({ answered: answered - 1, open: open + 1, canUndo: past.length > 0, message });
  };
  const start = () => {
    update({ phase: 'loading', problem: undefined });
    void supply.fetchAhead();
  };
  start();

  return {
    state,
    outbox,
    select(index) {
      if (index >= 0 && index < state.get().marks.length) update({ current: index });
    },
    mark: (given, index = state.get().current) => mark(index, given),
    markAll(given) {
      const { query, phase } = state.get();
      if (!query || phase !== 'asking') return;
      isRestored = false;
      update({ marks: query.images.map(() => given), message: { kind: 'allMarked', mark: given } });
      settle();
    },
    answer(marks) {
      if (state.get().phase !== 'asking') return;
      update({ marks: [...marks] });
      submit();
    },
    goOn,
    skip: (reason) => submit(reason === undefined ? {} : { reason }),
    undo,
    retry: start,
    stop() {
      clearTimeout(settling);
      supply.stop();
      outbox.stop();
    },
  };
}
