/**
 * What the rater did and the server does not know yet, in order. It is kept in the browser's storage until the server
 * has acknowledged it, so that neither a lost connection nor a closed tab costs an answer.
 */
import { ApiError } from '../api/client.ts';
import { createStore, type Store } from './store.ts';

export interface OutboxState {
  waiting: number;
  /** Why the last attempt failed, while entries wait. */
  problem?: string;
  /** The session is over: nothing is sent until the rater has logged in again. */
  isLoggedOut: boolean;
}

export interface Outbox<Entry> {
  readonly state: Store<OutboxState>;
  add(entry: Entry): void;
  /** What is still under way. */
  entries(): readonly Entry[];
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15_000;

/**
 * `send` resolves with what the server acknowledged, which `onSent` is told; `onRefused` is told of an entry that the
 * server will never take.
 */
export function createOutbox<Entry, Result = unknown>(options: {
  /** Where the browser's storage keeps the entries. */
  storageKey: string;
  send: (entry: Entry) => Promise<Result>;
  onSent?: (entry: Entry, result: Result) => void;
  onRefused: (entry: Entry, reason: string) => void;
}): Outbox<Entry> {
  const { storageKey, send, onSent = () => {} } = options;
  const entries = load<Entry>(storageKey);
  const state = createStore<OutboxState>({ waiting: entries.length, isLoggedOut: false });
  let isSending = false;
  const publish = (problem?: string, isLoggedOut = false) => {
    state.set({ waiting: entries.length, isLoggedOut, ...(problem === undefined ? {} : { problem }) });
  };
  const sendAll = async () => {
    if (isSending) return;
    isSending = true;
    let waitMs = FIRST_RETRY_MS;
    while (entries.length > 0) {
      const entry = entries[0]!;
      try {
        onSent(entry, await send(entry));
      } catch (error) {
        const failure = error instanceof ApiError ? error : new ApiError(0, String(error));
        if (failure.isTransient || failure.status === 401) {
          publish(failure.message, failure.status === 401);
          await new Promise((resolve) => setTimeout(resolve, waitMs));
          waitMs = Math.min(2 * waitMs, LAST_RETRY_MS);
          continue;
        }
        options.onRefused(entry, failure.message);
      }
      waitMs = FIRST_RETRY_MS;
      entries.shift();
      save(storageKey, entries);
      publish();
    }
    isSending = false;
  };
  void sendAll();
  return {
    state,
    add(entry) {
      entries.push(entry);
      save(storageKey, entries);
      publish(state.get().problem, state.get().isLoggedOut);
      void sendAll();
    },
    entries: () => entries,
  };
}

function load<Entry>(storageKey: string): Entry[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]');
    return Array.isArray(stored) ? (stored as Entry[]) : [];
  } catch {
    return [];
  }
}

function save(storageKey: string, entries: readonly unknown[]): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(entries));
  } catch {
    // Storage can be full or forbidden; the entries are still in memory and under way.
  }
}
