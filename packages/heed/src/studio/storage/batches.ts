/**
 * Collects items of work into batches, for work that is cheaper in batches. Items added while a batch runs form the
 * next batch. Items that would wait too long are rejected at once, so that overload affects only some senders. The
 * module does not depend on the kind of work.
 */

export interface Batches<Item, Result> {
  /** Resolves with the item's own result. Rejects when its batch fails, or at once with `Overloaded`. */
  add(item: Item): Promise<Result>;
  /** Resolves when nothing is waiting or running. */
  idle(): Promise<void>;
}

export interface BatchesOptions {
  readonly maxItems?: number;
  /** The largest number of waiting items; further ones are rejected. */
  readonly maxWaiting?: number;
  /** When the first waiting item has waited longer than this, new items are rejected. */
  readonly maxWaitMs?: number;
  readonly nowMs?: () => number;
}

/** The work was not done, and the caller may retry a little later. */
export class Overloaded extends Error {
  constructor() {
    super('too much is asked at once; nothing was changed');
    this.name = 'Overloaded';
  }
}

/**
 * Creates a batcher. `work` gets the items in the order of addition and returns a result for each. One batch runs at a
 * time.
 */
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
