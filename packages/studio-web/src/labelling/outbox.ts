/**
 * What the rater did and the server does not know yet, in order. It is kept in the browser's storage until the server
 * has acknowledged it, so that neither a lost connection nor a closed tab costs an answer.
 */
import { ApiError, api, read } from '../api/client.ts';
import { createStore, type Store } from '../parts/store.ts';

export interface AnswerEntry {
  kind: 'answer';
  id: string;
  query: string;
  /** null skips. */
  labels: ('good' | 'bad')[] | null;
  reason?: string;
  seconds?: number;
}

export interface RetractEntry {
  kind: 'retract';
  id: string;
}

type Entry = AnswerEntry | RetractEntry;

export interface OutboxState {
  waiting: number;
  /** Why the last attempt failed, while entries wait. */
  problem?: string;
  /** The session is over: nothing is sent until the rater has logged in again. */
  isLoggedOut: boolean;
}

export interface Outbox {
  readonly state: Store<OutboxState>;
  add(entry: Entry): void;
  /** Queries whose answer is still under way. */
  queriesUnderWay(): ReadonlySet<string>;
}

const STORAGE_KEY = 'heed-outbox';
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15_000;

/** `onSent` is told of each acknowledged entry, `onRefused` of one that the server will never take. */
export function createOutbox(options: {
  onSent: (entry: Entry) => void;
  onRefused: (entry: Entry, reason: string) => void;
}): Outbox {
  const entries: Entry[] = load();
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
        await send(entry);
        options.onSent(entry);
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
      save(entries);
      publish();
    }
    isSending = false;
  };
  void sendAll();
  return {
    state,
    add(entry) {
      entries.push(entry);
      save(entries);
      publish(state.get().problem, state.get().isLoggedOut);
      void sendAll();
    },
    queriesUnderWay: () => new Set(entries.flatMap((entry) => (entry.kind === 'answer' ? [entry.query] : []))),
  };
}

async function send(entry: Entry): Promise<void> {
  if (entry.kind === 'retract') {
    await read(api.labelling.answers[':id'].retract.$post({ param: { id: entry.id } }));
    return;
  }
  const { kind: _, ...json } = entry;
  await read(api.labelling.answers.$post({ json }));
}

function load(): Entry[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '[]');
    return Array.isArray(stored) ? (stored as Entry[]) : [];
  } catch {
    return [];
  }
}

function save(entries: readonly Entry[]): void {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(entries));
  } catch {
    // Storage can be full or forbidden; the entries are still in memory and under way.
  }
}
