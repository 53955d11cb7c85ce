/** The browser's storage in memory, shared by the pages of one test; can be full or forbidden. For tests alone. */
import type { EntryStorage } from '../parts/kept-entries.ts';

export interface MemoryStorage extends EntryStorage {
  isForbidden: boolean;
  readonly entries: ReadonlyMap<string, string>;
}

export function memoryStorage(): MemoryStorage {
  const entries = new Map<string, string>();
  const storage: MemoryStorage = {
    isForbidden: false,
    entries,
    get length() {
      return entries.size;
    },
    key: (index) => [...entries.keys()][index] ?? null,
    getItem: (key) => entries.get(key) ?? null,
    setItem(key, value) {
      if (storage.isForbidden) throw new Error('the quota is exceeded');
      entries.set(key, value);
    },
    removeItem: (key) => void entries.delete(key),
  };
  return storage;
}
