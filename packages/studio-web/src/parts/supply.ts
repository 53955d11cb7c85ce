/**
 * The next queries of a page: requested in advance, prepared for display, leased while a person uses the page, and
 * released when it closes. A page without a query asks again by itself. The module is independent of labels,
 * comparisons and the DOM.
 */
import type { Activity } from './activity.ts';

export interface SupplyOptions<Raw extends { id: string }, Query extends { id: string }> {
  /** Number of queries kept ready besides the shown one. */
  readonly ahead: number;
  /** Requests this number of queries; queries that the page already holds come first. */
  readonly lease: (count: number) => Promise<readonly Raw[]>;
  /** Releases the page's queries; the request must also work while the page closes. */
  readonly release: () => void;
  /** Called before the first request until it succeeds once, and again when work appears after a rest. */
  readonly begin: () => Promise<void>;
  readonly prepare: (raw: Raw) => Promise<Query>;
  readonly activity: Pick<Activity, 'isActive' | 'onWake'>;
  /** Id of the shown query. */
  readonly shownId: () => string | undefined;
  /** Queries with unacknowledged answers, which the server still leases to this page. */
  readonly underWay: () => ReadonlySet<string>;
  /** Called when no query is shown and this one is ready. */
  readonly onQuery: (query: Query) => void;
  /** Called when nothing is shown, nothing is being sent, and no query is free. */
  readonly onNothing: () => Promise<void>;
  /** Called with an error while nothing is shown. */
  readonly onFailed: (error: unknown) => void;
  /** Called when others answered the shown query while the rater was away. */
  readonly onGone: () => void;
}

export interface Supply<Query> {
  /** Takes the next ready query. */
  take(): Query | undefined;
  /** Puts a query back, to be shown next. */
  putBack(query: Query): void;
  /** Records that the query was shown, so that it does not appear again by itself. */
  noteSeen(id: string): void;
  fetchAhead(): Promise<void>;
  stop(): void;
}

/** The largest number of queries that a page may hold. */
const MAX_COUNT = 10;
/** Interval for renewing leases: a third of a lease's duration. */
const RENEW_MS = 10_000;
const LOOK_AGAIN_MS = 500;
const ASK_AFTER_FAILURE_MS = 5000;
/** Delays between requests of a page without a query; the last one repeats. */
const ASK_AGAIN_MS = [2000, 3000, 5000, 5000, 10_000, 15_000] as const;

export function createSupply<Raw extends { id: string }, Query extends { id: string }>(
  options: SupplyOptions<Raw, Query>,
): Supply<Query> {
  const { ahead, activity, shownId, underWay } = options;
  const ready: Query[] = [];
  const seen = new Set<string>();
  let isFetching = false;
  let hasBegun = false;
  let isStopped = false;
  let askedInVain = 0;
  /**
   * Whether the last response had only queries that were shown before. If so, the next request asks for more queries.
   */
  let isWide = false;
  const asking = createTimer();

  /** Number of queries to hold: the shown one, ready ones (more than `ahead` after undo), and unacknowledged ones. */
  const wantedCount = () => Math.min(MAX_COUNT, Math.max(ahead, ready.length) + 1 + underWay().size);
  const askAgain = (ms: number) => {
    if (!isStopped) asking.start(ms, () => void fetchNow());
  };
  const takeIn = async (raws: readonly Raw[]) => {
    for (const raw of raws) {
      const isKnown =
        raw.id === shownId() || seen.has(raw.id) || underWay().has(raw.id) || ready.some(({ id }) => id === raw.id);
      if (isKnown) continue;
      const query = await options.prepare(raw);
      if (isStopped) return;
      if (shownId() === undefined && ready.length === 0) options.onQuery(query);
      else ready.push(query);
    }
  };
  /** Handles a request without a result. */
  const rest = async () => {
    if (underWay().size > 0) {
      // Whether there are more is known once the answers have arrived.
      askAgain(LOOK_AGAIN_MS);
      return;
    }
    await options.onNothing();
    askAgain(ASK_AGAIN_MS[Math.min(askedInVain++, ASK_AGAIN_MS.length - 1)]!);
  };
  const fetchNow = async () => {
    if (isFetching || isStopped) return;
    isFetching = true;
    try {
      if (!hasBegun) await options.begin();
      hasBegun = true;
      // Who has waited a while takes one, and the rest when they answer it.
      const isResting = askedInVain > 0 && shownId() === undefined;
      const raws = await options.lease(isWide ? MAX_COUNT : isResting ? 1 : wantedCount());
      if (isStopped) return;
      await takeIn(raws);
      isWide = raws.length > 0 && shownId() === undefined && ready.length === 0;
      if (shownId() === undefined && ready.length > 0) options.onQuery(ready.shift()!);
      if (shownId() === undefined) await rest();
      else if (askedInVain > 0) {
        askedInVain = 0;
        // There is more to do than was known: a comparison was started, images were drawn.
        await options.begin();
      }
    } catch (error) {
      if (shownId() === undefined && !isStopped) {
        options.onFailed(error);
        askAgain(ASK_AFTER_FAILURE_MS);
      }
    } finally {
      isFetching = false;
    }
  };
  /** Handles a person's return: others may have answered the shown query. */
  const wake = async () => {
    const shown = shownId();
    if (shown === undefined) return fetchNow();
    const raws = await options.lease(wantedCount()).catch(() => undefined);
    if (!raws || isStopped || shownId() !== shown) return;
    const held = new Set(raws.map(({ id }) => id));
    for (const query of ready.splice(0)) if (held.has(query.id)) ready.push(query);
    await takeIn(raws);
    if (shownId() === shown && !held.has(shown)) options.onGone();
  };
  const renewing = setInterval(() => {
    if (activity.isActive() && shownId() !== undefined) void fetchNow();
  }, RENEW_MS);
  const unwatch = activity.onWake(() => void wake());

  return {
    take: () => ready.shift(),
    putBack: (query) => ready.unshift(query),
    noteSeen: (id) => seen.add(id),
    fetchAhead: async () => (ready.length < ahead ? fetchNow() : undefined),
    stop() {
      isStopped = true;
      asking.stop();
      clearInterval(renewing);
      unwatch();
      options.release();
    },
  };
}

/** One timeout at a time. */
function createTimer() {
  let timeout: ReturnType<typeof setTimeout> | undefined;
  return {
    start(ms: number, work: () => void) {
      clearTimeout(timeout);
      timeout = setTimeout(work, ms);
    },
    stop: () => clearTimeout(timeout),
  };
}
