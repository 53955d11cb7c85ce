/**
 * Updates the state of the comparing page from three sources: new queries, the server's responses to answers, and the
 * rater's progress.
 */
import type { Activity } from '../parts/activity.ts';
import { createOutbox, emptied, type Outbox, type OutboxOptions } from '../parts/outbox.ts';
import type { ShownImage } from '../parts/prepared-image.ts';
import type { Store } from '../parts/store.ts';
import { createSupply } from '../parts/supply.ts';
import { type ComparerState, type Said, type ShownComparison, shown } from './comparer-state.ts';
import type { ComparingApi, ComparisonEntry, LeasedComparison } from './comparing-api.ts';

export interface ComparerOptions {
  readonly api: ComparingApi;
  readonly activity: Pick<Activity, 'isActive' | 'onWake'>;
  readonly prepareImage: (image: LeasedComparison['left'][number]) => Promise<ShownImage>;
  readonly outbox: Pick<OutboxOptions<ComparisonEntry, unknown>, 'keeper' | 'kept' | 'wait' | 'nowMs'>;
  readonly nowMs?: () => number;
}

export interface ComparerQueries {
  readonly outbox: Outbox<ComparisonEntry>;
  show(query: ShownComparison, said?: Said): void;
  showNext(): void;
  putBack(query: ShownComparison): void;
  start(): void;
  stop(): void;
}

const QUERIES_AHEAD = 2;

/** Creates the supply of queries and the outbox of answers; `onShown` is called whenever a query is shown. */
export function createComparerQueries(
  state: Store<ComparerState>,
  { api, activity, prepareImage, ...options }: ComparerOptions & { onShown: () => void },
): ComparerQueries {
  const update = (changes: Partial<ComparerState>) => state.set({ ...state.get(), ...changes });
  const outbox = createOutbox<ComparisonEntry>({
    ...options.outbox,
    send: api.send,
    onRefused: ({ kind }, reason) => {
      update({ problem: { kind: kind === 'answer' ? 'answerRefused' : 'undoRefused', reason } });
      void refreshStanding().catch(() => {});
    },
  });
  const underWay = () => new Set(outbox.entries().flatMap((entry) => (entry.kind === 'answer' ? [entry.query] : [])));
  const refreshStanding = async () => {
    const { answered, open, completion = state.get().completion, paidInSeconds } = await api.standing();
    // What is under way is not in the server's count yet.
    const pending = underWay().size;
    update({ answered: answered + pending, open: Math.max(0, open - pending), completion, paidInSeconds });
  };
  const show = (query: ShownComparison, said?: Said) => {
    options.onShown();
    supply.noteSeen(query.id);
    update(shown(state.get(), query, said));
  };
  const supply = createSupply<LeasedComparison, ShownComparison>({
    ahead: QUERIES_AHEAD,
    async begin() {
      await emptied(outbox);
      await refreshStanding();
    },
    lease: api.lease,
    release: api.release,
    activity,
    async prepare({ id, prompt, left, right }) {
      const sides = [left, right].map((images) => Promise.all(images.map(prepareImage)));
      const [shownLeft, shownRight] = await Promise.all(sides);
      return { id, prompt, left: shownLeft!, right: shownRight! };
    },
    shownId: () => state.get().query?.id,
    underWay,
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
  return {
    outbox,
    show,
    showNext,
    putBack: supply.putBack,
    start() {
      update({ phase: 'loading', problem: undefined });
      void supply.fetchAhead();
    },
    stop() {
      supply.stop();
      outbox.stop();
    },
  };
}
