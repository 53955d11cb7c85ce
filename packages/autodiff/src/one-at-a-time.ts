/**
 * A queue for work that must not overlap. Each piece of work starts when the previous one has ended, even if the
 * previous one failed.
 */

/** Returns a function that runs `work` in its turn and settles as `work` does. */
export function createQueue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const current = last.then(() => work());
    last = current.catch(() => undefined);
    return current;
  };
}
