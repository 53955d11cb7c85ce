/**
 * The state machine of the labelling page: the shown query, the marks of its images, undo, the practice round, waiting
 * and the end. The next query appears at once after an answer, because queries are loaded in advance. The module uses
 * no React, no DOM and no texts.
 */
import type { Activity } from '../parts/activity.ts';
import { createOutbox, emptied, type Outbox, type OutboxOptions } from '../parts/outbox.ts';
import type { ShownImage } from '../parts/prepared-image.ts';
import { randomId } from '../parts/random-id.ts';
import type { Store } from '../parts/store.ts';
import { createSupply, type Supply } from '../parts/supply.ts';
import type { Acknowledged, LabellingEntry } from './entries.ts';
import { createLabellerState, type LabellerState, type ShownQuery, type StateHolder } from './labeller-state.ts';
import type { LabellingApi, LeasedQuery } from './labelling-api.ts';
import { clearMarks, isMarked, markAll, markOne } from './marking.ts';
import type { Mark } from './marks.ts';
import { createPastAnswers, type PastAnswers } from './past-answers.ts';
import { createPracticeRound, type PracticeRound } from './practice-round.ts';
import { standingChanges } from './standing-changes.ts';

export interface Labeller {
  readonly state: Store<LabellerState>;
  readonly outbox: Outbox<LabellingEntry>;
  select(index: number): void;
  /**
   * The action of a digit key: chooses the image as the best if the query asks for the best image, else selects the
   * image.
   */
  pick(index: number): void;
  /** Marks one image, by default the current image, and then selects the next image without a mark. */
  mark(mark: Mark, index?: number): void;
  markAll(mark: Mark): void;
  skip(reason?: string): void;
  /** Sets the marks of the shown query and submits the answer. */
  answer(marks: readonly Mark[]): void;
  /** Continues after an explanation. */
  goOn(): void;
  undo(): void;
  /** Requests queries again after a failure. */
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

const QUERIES_AHEAD = 4;
/** Delay before a fully marked query is submitted, long enough for the rater to see the last mark. */
const SETTLE_MS = 220;

/** The data that the functions of one labelling page share. */
interface Parts extends StateHolder {
  readonly options: LabellerOptions;
  readonly nowMs: () => number;
  readonly past: PastAnswers;
  readonly practice: PracticeRound;
  readonly outbox: Outbox<LabellingEntry>;
  readonly supply: Supply<ShownQuery>;
  /** Time at which the current query was shown. */
  shownAtMs: number;
  /** Whether `undo` has restored the marks from an earlier answer, and the rater has not changed any since. */
  isRestored: boolean;
  settling?: ReturnType<typeof setTimeout> | undefined;
}

export function createLabeller(options: LabellerOptions): Labeller {
  const parts = createParts(options);
  const { state, update, outbox, supply, practice } = parts;
  const change = (changes: Partial<LabellerState> | undefined) => {
    if (!changes) return;
    parts.isRestored = false;
    update(changes);
    settle(parts);
  };
  const select = (index: number) => {
    if (index >= 0 && index < state.get().marks.length) update({ current: index });
  };
  const start = () => {
    update({ phase: 'loading', problem: undefined });
    void supply.fetchAhead();
  };
  start();
  return {
    state,
    outbox,
    select,
    pick(index) {
      if (state.get().query?.asksBest) change(markOne(state.get(), { index, mark: 'good' }));
      else select(index);
    },
    mark: (given, index = state.get().current) => change(markOne(state.get(), { index, mark: given })),
    markAll: (given) => change(markAll(state.get(), given)),
    answer(marks) {
      if (state.get().phase !== 'asking') return;
      update({ marks: [...marks] });
      submit(parts);
    },
    goOn: practice.goOn,
    skip: (reason) => submit(parts, reason === undefined ? {} : { reason }),
    undo: () => undo(parts),
    retry: start,
    stop() {
      clearTimeout(parts.settling);
      supply.stop();
      outbox.stop();
    },
  };
}

function createParts(options: LabellerOptions): Parts {
  const holder = createLabellerState();
  const { state, update } = holder;
  const { nowMs = () => performance.now() } = options;
  const practice = createPracticeRound(holder, () => showNext(parts));
  const outbox = createOutbox<LabellingEntry, Acknowledged>({
    ...options.outbox,
    send: options.api.send,
    onSent: (entry, result) => {
      if (entry.kind !== 'answer') return;
      if (result.tooFast) update({ hint: 'tooFast' });
      practice.onAnswered(entry, result);
    },
    onRefused: (entry, reason) => {
      const isAnswer = entry.kind === 'answer';
      update({ problem: { kind: isAnswer ? 'answerRefused' : 'undoRefused', reason } });
      if (isAnswer) practice.onAnswered(entry, reason);
      void refreshStanding().catch(() => {});
    },
  });
  const underWay = () => new Set(outbox.entries().flatMap((entry) => (entry.kind === 'answer' ? [entry.query] : [])));
  const refreshStanding = async () => {
    const standing = await options.api.standing();
    update(standingChanges(standing, { underWay: underWay().size, state: state.get() }));
  };
  const supply = createSupply<LeasedQuery, ShownQuery>({
    ...pick(options),
    ahead: QUERIES_AHEAD,
    async begin() {
      await emptied(outbox);
      await refreshStanding();
    },
    shownId: () => state.get().query?.id,
    underWay,
    onQuery: (query) => show(parts, query),
    async onNothing() {
      await refreshStanding();
      update({ phase: state.get().open > 0 ? 'waiting' : 'finished' });
    },
    onFailed: (reason) => update({ phase: 'failed', problem: { kind: 'failed', reason } }),
    onGone() {
      // Marks that somebody has begun are worth an answer all the same.
      if (state.get().phase !== 'asking' || state.get().marks.some(Boolean)) return;
      showNext(parts);
      update({ message: { kind: 'othersWereFaster' } });
    },
  });
  const parts: Parts = {
    ...holder,
    options,
    nowMs,
    past: createPastAnswers(),
    practice,
    outbox,
    supply,
    shownAtMs: 0,
    isRestored: false,
  };
  return parts;
}

/** Returns the functions that the supply of queries needs to request, release and prepare queries. */
function pick({ api, activity, prepareImage }: LabellerOptions) {
  return {
    lease: api.lease,
    release: api.release,
    activity,
    prepare: async ({ images, asksBest = false, ...query }: LeasedQuery): Promise<ShownQuery> => ({
      ...query,
      asksBest,
      images: await Promise.all(images.map(prepareImage)),
    }),
  };
}

function show(
  parts: Parts,
  query: ShownQuery,
  marks: LabellerState['marks'] = query.images.map(() => undefined),
): void {
  const { state, update, supply, practice, options } = parts;
  parts.shownAtMs = parts.nowMs();
  parts.isRestored = false;
  supply.noteSeen(query.id);
  const { problem } = state.get();
  update({
    phase: 'asking',
    query,
    marks,
    current: Math.max(0, marks.indexOf(undefined)),
    problem: problem?.kind === 'failed' ? undefined : problem,
    ...practice.noteShown(query),
  });
  // From now on the server counts the time; without a word from here, from when it handed the query out.
  options.api.shown(query.id).catch(() => {});
}

function showNext(parts: Parts): void {
  const { supply, update } = parts;
  const next = supply.take();
  if (next) show(parts, next);
  else update({ phase: 'loading', query: undefined, marks: [] });
  void supply.fetchAhead();
}

/** Submits the answer after a short delay if every image has a mark. */
function settle(parts: Parts): void {
  clearTimeout(parts.settling);
  if (isMarked(parts.state.get())) parts.settling = setTimeout(() => submit(parts), SETTLE_MS);
}

/** Sends the answer to the shown query, or skips the query if `skipped` is given. */
function submit(parts: Parts, skipped?: { reason?: string }): void {
  const { state, update, outbox, past, practice, nowMs, shownAtMs } = parts;
  clearTimeout(parts.settling);
  const { query, marks, answered, open, phase } = state.get();
  if (!query || phase !== 'asking') return;
  const id = randomId();
  const explainFirst = query.isPractice ? () => practice.explain(id) : undefined;
  explainFirst?.();
  outbox.add({
    kind: 'answer',
    id,
    query: query.id,
    labels: skipped ? null : (marks as Mark[]),
    seconds: Math.round((nowMs() - shownAtMs) / 10) / 100,
    ...(skipped?.reason === undefined ? {} : { reason: skipped.reason }),
  });
  // What was explained is not to be answered again.
  if (explainFirst) return;
  past.add({ id, query, marks });
  const counts = { answered: answered + 1, open: Math.max(0, open - 1) };
  const message = { kind: skipped ? 'skipped' : 'answered' } as const;
  update({ ...counts, problem: undefined, hint: undefined, canUndo: true, message });
  showNext(parts);
}

/** Clears the marks of the shown query; if there are none, retracts the last answer and shows its query again. */
function undo(parts: Parts): void {
  const { state, update, outbox, past, supply, options } = parts;
  clearTimeout(parts.settling);
  const { query, answered, open, phase } = state.get();
  if (phase === 'explaining') return;
  const cleared = parts.isRestored ? undefined : clearMarks(state.get());
  if (cleared) {
    update(cleared);
    return;
  }
  const last = past.takeLast();
  if (!last) return;
  outbox.add({ kind: 'retract', id: last.id, page: options.api.page });
  if (query) supply.putBack(query);
  show(parts, last.query, last.marks);
  parts.isRestored = true;
  update({ answered: answered - 1, open: open + 1, canUndo: past.size > 0, message: { kind: 'takenBack' } });
}
