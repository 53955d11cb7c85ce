/** Shows errors of the page's own scripts, so that no user continues on a broken page. */
import { createStore } from './store.ts';

/** Whether an error occurred. */
export const hasScriptError = createStore(false);

/** Logs the error, and makes the page show a notice that an error occurred. */
export function noteScriptError(error: unknown): void {
  console.error(error);
  hasScriptError.set(true);
}

/** Listens for unhandled errors. The page calls this function once, before any other code. */
export function watchScriptErrors(): void {
  addEventListener('error', (event) => {
    // A picture that does not load says so in its own place.
    if (event instanceof ErrorEvent && !isHarmless(event.message)) hasScriptError.set(true);
  });
  addEventListener('unhandledrejection', () => hasScriptError.set(true));
}

/**
 * Whether the message is no real error: browsers report a ResizeObserver error when a layout only settles in the next
 * frame.
 */
function isHarmless(message: string): boolean {
  return message.startsWith('ResizeObserver loop');
}
