/**
 * Stores the rater's unsent actions (entries) in the browser's storage, each under its own key:
 * `heed-outbox/<study>/<rater>/<kind>/<page>-<turn>`. Because of these keys, tabs cannot overwrite each other's
 * entries, and a page reads only the entries of the rater who uses it.
 */
import { randomId } from './random-id.ts';

/** The rater, study and kind of work to which stored entries belong. */
export interface Keeper {
  /** Id of the study, which separates the entries of projects that were served under the same address. */
  readonly study: string;
  readonly rater: string;
  /** Kind of work: 'labelling' or 'comparing'. */
  readonly kind: string;
}

/** A stored entry with its key, and the time that determines the order of sending. */
export interface KeptEntry<Entry> {
  readonly key: string;
  /** Time of storing in milliseconds since 1970, strictly increasing within one page. */
  readonly at: number;
  readonly entry: Entry;
}

/** The part of the browser's `Storage` interface that this module uses. */
export type EntryStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export interface KeptEntries<Entry> {
  /**
   * Stores the entry. `isKept` is false when the browser refuses to store the entry; the entry is then lost when the
   * page closes.
   */
  add(entry: Entry): { readonly kept: KeptEntry<Entry>; readonly isKept: boolean };
  remove(key: string): void;
  /** All stored entries of this rater and this kind of work, from all tabs, the oldest first. */
  all(): KeptEntry<Entry>[];
}

const PREFIX = 'heed-outbox';

export function keptEntries<Entry>(
  { study, rater, kind }: Keeper,
  options: { storage?: () => EntryStorage; nowMs?: () => number; page?: string } = {},
): KeptEntries<Entry> {
  const { storage = () => localStorage, nowMs = () => Date.now(), page = randomId() } = options;
  const prefix = [PREFIX, study, rater, kind, ''].map(encodeURIComponent).join('/');
  let turn = 0;
  let lastAt = 0;
  return {
    add(entry) {
      // A clock that is set back must not put an undo before its answer.
      lastAt = Math.max(lastAt + 1, nowMs());
      const kept = { key: `${prefix}${page}-${turn++}`, at: lastAt, entry };
      try {
        storage().setItem(kept.key, JSON.stringify({ at: kept.at, entry }));
        return { kept, isKept: true };
      } catch {
        return { kept, isKept: false };
      }
    },
    remove(key) {
      try {
        storage().removeItem(key);
      } catch {
        // A browser that keeps nothing has nothing to remove.
      }
    },
    all() {
      try {
        const place = storage();
        const keys = Array.from({ length: place.length }, (_, i) => place.key(i)).filter(
          (key) => key?.startsWith(prefix) === true,
        ) as string[];
        return keys.flatMap((key) => parse<Entry>(key, place.getItem(key))).sort((a, b) => a.at - b.at);
      } catch {
        return [];
      }
    },
  };
}

function parse<Entry>(key: string, text: string | null): KeptEntry<Entry>[] {
  try {
    const { at, entry } = JSON.parse(text ?? 'null') as { at: number; entry: Entry };
    return typeof at === 'number' && typeof entry === 'object' && entry !== null ? [{ key, at, entry }] : [];
  } catch {
    return [];
  }
}
