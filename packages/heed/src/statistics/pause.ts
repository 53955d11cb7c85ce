/** Pauses in long loops of the main thread, so that progress is shown and stop signals are handled. */
import { setImmediate } from 'node:timers/promises';

/**
 * A function that a long loop calls once in each iteration. A call yields to the event loop from time to time, and
 * throws the abort reason after an abort.
 */
export type Pause = () => Promise<void> | undefined;

/** Lets the event loop run after every `everyMs` of work. */
export function createPause({
  signal,
  everyMs = 50,
}: {
  signal?: AbortSignal | undefined;
  everyMs?: number;
} = {}): Pause {
  let last = performance.now();
  return () => {
    if (performance.now() - last < everyMs) return undefined;
    return setImmediate().then(() => {
      signal?.throwIfAborted();
      last = performance.now();
    });
  };
}
