/**
 * The rater's actions that the server has not acknowledged yet, in order. Each entry stays in the browser's storage
 * until the server has acknowledged it, so that a lost connection or a closed tab loses no answer. If a tab was closed,
 * the rater's next tab sends the remaining entries. Sending an entry twice is harmless, because the server recognises
 * the entry's id.
 */
import { ApiError } from '../api/client.ts';
import { type Keeper, type KeptEntries, type KeptEntry, keptEntries } from './kept-entries.ts';
import { noteScriptError } from './script-errors.ts';
import { createStore, type Store } from './store.ts';

export interface OutboxState {
  waiting: number;
  /** The reason why the last attempt to send failed, while entries are waiting. */
  problem?: ApiError;
  /** Whether the browser refused to store a waiting entry, which is then lost if the page closes. */
  isUnkept: boolean;
}

export interface Outbox<Entry> {
  readonly state: Store<OutboxState>;
  add(entry: Entry): void;
  /** Entries that the server has not acknowledged yet. */
  entries(): readonly Entry[];
  /** Stops taking over entries of other tabs; entries that are already waiting are still sent. */
  stop(): void;
}

export interface OutboxOptions<Entry, Result> {
  readonly keeper: Keeper;
  readonly send: (entry: Entry) => Promise<Result>;
  /** Called with each acknowledged entry and the server's result. */
  readonly onSent?: (entry: Entry, result: Result) => void;
  /** Called with an entry that the server will never accept. */
  readonly onRefused: (entry: Entry, reason: ApiError) => void;
  /** Called with an error in `onSent` or `onRefused`. The entry is removed from the outbox anyway. */
  readonly onError?: (error: unknown) => void;
  readonly kept?: KeptEntries<Entry>;
  readonly wait?: (ms: number) => Promise<void>;
  readonly nowMs?: () => number;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15_000;
/**
 * Age at which this tab takes over and sends another tab's entries. An open tab sends its entries at once, so older
 * entries mean that the other tab is closed or stuck.
 */
const ORPHAN_MS = 10_000;
const LOOK_FOR_ORPHANS_MS = 15_000;

export function createOutbox<Entry, Result = unknown>(options: OutboxOptions<Entry, Result>): Outbox<Entry> {
  const { send, onSent = () => {}, onRefused, nowMs = () => Date.now() } = options;
  const { onError = noteScriptError, kept = keptEntries<Entry>(options.keeper), wait = sleep } = options;
  const queue: KeptEntry<Entry>[] = kept.all();
  const own = new Set<string>();
  const done = new Set<string>();
  const unkept = new Set<string>();
  let isSending = false;
  const stateNow = (problem?: ApiError): OutboxState => ({
    waiting: queue.length,
    isUnkept: unkept.size > 0,
    ...(problem === undefined ? {} : { problem }),
  });
  const state = createStore<OutboxState>(stateNow());
  const tell = (work: () => void) => {
    try {
      work();
    } catch (error) {
      onError(error);
    }
  };
  const finish = ({ key }: KeptEntry<Entry>) => {
    queue.splice(
      queue.findIndex((each) => each.key === key),
      1,
    );
    own.delete(key);
    unkept.delete(key);
    done.add(key);
    kept.remove(key);
    state.set(stateNow());
  };
  /**
   * Whether another tab has sent the entry. Entries of this tab are always sent by this tab, because the page waits for
   * the response.
   */
  const isDoneElsewhere = ({ key }: KeptEntry<Entry>) => !own.has(key) && !kept.all().some((each) => each.key === key);

  const sendAll = async () => {
    let waitMs = FIRST_RETRY_MS;
    while (queue.length > 0) {
      const next = queue[0]!;
      if (isDoneElsewhere(next)) {
        finish(next);
        continue;
      }
      try {
        const result = await send(next.entry);
        finish(next);
        tell(() => onSent(next.entry, result));
      } catch (error) {
        const failure = error instanceof ApiError ? error : new ApiError(0, String(error));
        if (!failure.isFinal) {
          state.set(stateNow(failure));
          await wait(waitMs);
          waitMs = Math.min(2 * waitMs, LAST_RETRY_MS);
          continue;
        }
        finish(next);
        tell(() => onRefused(next.entry, failure));
      }
      waitMs = FIRST_RETRY_MS;
    }
  };
  const start = async () => {
    if (isSending) return;
    isSending = true;
    try {
      // What is added while the last turn ends is sent as well: nothing waits between this look and the end.
      while (queue.length > 0) await sendAll();
    } finally {
      isSending = false;
    }
  };
  const adoptOrphans = () => {
    const known = new Set(queue.map(({ key }) => key));
    const orphans = kept.all().filter(({ key, at }) => !known.has(key) && !done.has(key) && nowMs() - at > ORPHAN_MS);
    if (orphans.length === 0) return;
    queue.push(...orphans);
    state.set(stateNow(state.get().problem));
    void start();
  };
  const looking = setInterval(adoptOrphans, LOOK_FOR_ORPHANS_MS);
  void start();
  return {
    state,
    add(entry) {
      const { kept: added, isKept } = kept.add(entry);
      own.add(added.key);
      if (!isKept) unkept.add(added.key);
      queue.push(added);
      state.set(stateNow(state.get().problem));
      void start();
    },
    entries: () => queue.map(({ entry }) => entry),
    stop: () => clearInterval(looking),
  };
}

/**
 * Resolves when no entry is waiting in the outbox, at the latest after `patienceMs`. A page waits for this before it
 * requests queries: otherwise, the server could return queries that the rater answered in a closed tab.
 */
export async function emptied({ state }: Pick<Outbox<unknown>, 'state'>, patienceMs = 15_000): Promise<void> {
  if (state.get().waiting === 0) return;
  await new Promise<void>((resolve) => {
    const timeout = setTimeout(done, patienceMs);
    const unsubscribe = state.subscribe(() => state.get().waiting === 0 && done());
    function done() {
      clearTimeout(timeout);
      unsubscribe();
      resolve();
    }
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
