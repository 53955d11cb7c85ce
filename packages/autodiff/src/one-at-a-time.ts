/** A queue for what must not overlap: each call begins when the one before has ended, also where that failed. */

/** Returns a function that runs `work` when its turn comes, and settles as `work` does. */
export function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const current = last.then(() => work());
    last = current.catch(() => undefined);
    return current;
  };
}
