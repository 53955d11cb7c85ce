/**
 * Work that is cheaper together: what is added while a batch runs forms the next one. What would have to wait too long
 * is refused at once, so that a flood makes some send again instead of making all wait. Knows nothing of what it does.
 */

export interface Batches<Item, Result> {
  /** Resolves with the item's own result; rejects where its batch failed, or with `Overloaded` at once. */
  add(item: Item): Promise<Result>;
  /** Resolves when nothing is waiting or running. */
  idle(): Promise<void>;
}

export interface BatchesOptions {
  readonly maxItems?: number;
  /** The most items that may wait; further ones are rejected. */
  readonly maxWaiting?: number;
  /** While the first in the queue has waited longer than this, nothing joins. */
  readonly maxWaitMs?: number;
  readonly nowMs?: () => number;
}

/** Nothing was done, and the same may be done a little later. */
export class Overloaded extends Error {
  constructor() {
    super('too much is asked at once; nothing was changed');
    this.name = 'Overloaded';
  }
}

/** `work` gets the items in the order they were added, and returns a result for each. One batch runs at a time. */
export function createBatches<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: BatchesOptions = {},
): Batches<Item, Result> {
  const { maxItems = 200, maxWaiting = 600, maxWaitMs = 5000, nowMs = () => performance.now() } = options;
  const waiting: {
    item: Item;
    sinceMs: number;
    resolve: (result: Result) => void;
    reject: (error: unknown) => void;
  }[] = [];
  let running: Promise<void> | undefined;
  const run = async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxItems);
      try {
        const results = await work(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, i) => {
          resolve(results[i]!);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = undefined;
  };
  return {
    async add(item) {
      const sinceMs = nowMs();
      if (waiting.length >= maxWaiting || sinceMs - (waiting[0]?.sinceMs ?? sinceMs) > maxWaitMs)
        throw new Overloaded();
      return new Promise((resolve, reject) => {
        waiting.push({ item, sinceMs, resolve, reject });
        running ??= run();
      });
    },
    idle: async () => running,
  };
}
