/** Shows errors of the page's own scripts, so that no user continues on a broken page. */
import { createStore } from './store.ts';

/** Whether an error occurred. */
export const hasScriptError = createStore(false);

/** Shows the notice for this error. */
export function noteScriptError(error: unknown): void {
  console.error(error);
  hasScriptError.set(true);
}

/** Listens for unhandled errors. Called once, before any other code. */
export function watchScriptErrors(): void {
  addEventListener('error', (event) => {
    // A picture that does not load says so in its own place.
    if (event instanceof ErrorEvent && !isHarmless(event.message)) hasScriptError.set(true);
  });
  addEventListener('unhandledrejection', () => hasScriptError.set(true));
}

/** Browsers report a layout that settles in the next frame as an error. */
function isHarmless(message: string): boolean {
  return message.startsWith('ResizeObserver loop');
}
