/**
 * Supplies a page with queries. Queries are requested and prepared in advance, leased while a person uses the page, and
 * released when the page closes. While a page has no query, the supply repeats the request. The module serves labelling
 * and comparing alike, and does not use the DOM.
 */
import type { Activity } from './activity.ts';

export interface SupplyOptions<Raw extends { id: string }, Query extends { id: string }> {
  /** Number of queries to keep ready in addition to the shown query. */
  readonly ahead: number;
  /** Requests `count` queries from the server; the response starts with queries that are already leased to the page. */
  readonly lease: (count: number) => Promise<readonly Raw[]>;
  /** Ends the leases of the page's queries; the request must also work while the page closes. */
  readonly release: () => void;
  /**
   * Called before the first request, and repeated until it succeeds. Called again when queries arrive after requests
   * without a result.
   */
  readonly begin: () => Promise<void>;
  readonly prepare: (raw: Raw) => Promise<Query>;
  readonly activity: Pick<Activity, 'isActive' | 'onWake'>;
  /** Returns the id of the shown query; undefined when no query is shown. */
  readonly shownId: () => string | undefined;
  /**
   * Returns ids of answered queries whose answers the server has not acknowledged yet; these queries are still leased
   * to the page.
   */
  readonly underWay: () => ReadonlySet<string>;
  /** Called with a query to show, while no query is shown. */
  readonly onQuery: (query: Query) => void;
  /** Called when no query is shown, no answer is being sent, and the server has no query for the page. */
  readonly onNothing: () => Promise<void>;
  /** Called when a request fails while no query is shown. */
  readonly onFailed: (error: unknown) => void;
  /** Called when other raters answered the shown query while this rater was away. */
  readonly onGone: () => void;
}

export interface Supply<Query> {
  /** Removes the next ready query from the supply and returns it; undefined when none is ready. */
  take(): Query | undefined;
  /** Puts a query back into the supply as the next one to show. */
  putBack(query: Query): void;
  /** Records that the query was shown, so that a later response does not show it again. */
  noteSeen(id: string): void;
  fetchAhead(): Promise<void>;
  stop(): void;
}

/** The largest number of queries that a page may lease at the same time. */
const MAX_COUNT = 10;
/** Interval at which leases are renewed: a third of the duration of a lease. */
const RENEW_MS = 10_000;
const LOOK_AGAIN_MS = 500;
const ASK_AFTER_FAILURE_MS = 5000;
/** Delays between requests while the page has no query; after the last delay, the last one is used again. */
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
  /** Whether the last response had only queries shown before; the next request then asks for `MAX_COUNT`. */
  let isWide = false;
  const asking = createTimer();

  /** How many queries to lease: shown, ready (after undo, more than `ahead`), and with unacknowledged answers. */
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
  /** Called after a request that returned no query to show: schedules the next request. */
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
  /** Called when the person returns after a rest: other raters may have answered the shown query meanwhile. */
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

/** Creates a timer that runs at most one timeout at a time. */
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
