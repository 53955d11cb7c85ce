/** Breaks in long loops of the main thread, so that progress is drawn and a signal to stop is heard. */
import { setImmediate } from 'node:timers/promises';

/** Called once a round: waits for the event loop now and then, and throws the signal's reason after an abort. */
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
