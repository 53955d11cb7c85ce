/**
 * The next queries of a page: asked for ahead, made ready to be shown, held while somebody is at the page and given
 * back when it closes. A page without a query asks again by itself. Knows neither labels nor comparisons; no DOM here.
 */
import type { Activity } from './activity.ts';

export interface SupplyOptions<Raw extends { id: string }, Query extends { id: string }> {
  /** How many queries are ready behind the one that is shown. */
  readonly ahead: number;
  /** Asks for so many, held ones first. */
  readonly lease: (count: number) => Promise<readonly Raw[]>;
  /** Gives back what the page holds; must also work while the page closes. */
  readonly release: () => void;
  /** Before the first question, until it succeeds once, and when there is something again after a rest. */
  readonly begin: () => Promise<void>;
  readonly prepare: (raw: Raw) => Promise<Query>;
  readonly activity: Pick<Activity, 'isActive' | 'onWake'>;
  /** The query that is shown. */
  readonly shownId: () => string | undefined;
  /** Queries whose answers are not acknowledged: the server still holds them for this page. */
  readonly underWay: () => ReadonlySet<string>;
  /** No query is shown, and this one is ready to be shown. */
  readonly onQuery: (query: Query) => void;
  /** Nothing is shown, nothing is under way, and nothing is free. */
  readonly onNothing: () => Promise<void>;
  /** While nothing is shown. */
  readonly onFailed: (error: unknown) => void;
  /** Others answered the shown query while the rater was away. */
  readonly onGone: () => void;
}

export interface Supply<Query> {
  /** The next ready query. */
  take(): Query | undefined;
  /** To be shown next. */
  putBack(query: Query): void;
  /** It was shown: it never comes again by itself. */
  noteSeen(id: string): void;
  fetchAhead(): Promise<void>;
  stop(): void;
}

/** Most queries that a page may hold. */
const MAX_COUNT = 10;
/** A third of the time for which the server holds a query. */
const RENEW_MS = 10_000;
const LOOK_AGAIN_MS = 500;
const ASK_AFTER_FAILURE_MS = 5000;
/** The time between two questions of a page without a query; the last one goes on. */
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
  /** The last answer held nothing but what was shown before: the next question asks past it. */
  let isWide = false;
  const asking = createTimer();

  /** What is shown, what is ready (more than `ahead` after undo) and what is under way: all of it stays held. */
  const wantedCount = () => Math.min(MAX_COUNT, Math.max(ahead, ready.length) + 1 + underWay().size);
  const askAgain = (ms: number) => {
    if (!isStopped) asking.start(ms, () => void fetchNow());
  };
  const takeIn = async (raws: readonly Raw[]) => {
    for (const raw of raws) {
      const isKnown = raw.id === shownId() || seen.has(raw.id) || ready.some(({ id }) => id === raw.id);
      if (isKnown) continue;
      const query = await options.prepare(raw);
      if (isStopped) return;
      if (shownId() === undefined && ready.length === 0) options.onQuery(query);
      else ready.push(query);
    }
  };
  /** Nothing came of asking. */
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
  /** Somebody is back: what was shown may be done by others. */
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
