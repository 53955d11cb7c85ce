/** Errors of the page's own scripts: each is shown, so that no user continues on a broken page. */
import { createStore } from './store.ts';

/** True once something went wrong. */
export const hasScriptError = createStore(false);

/** Shows the notice for this error. */
export function noteScriptError(error: unknown): void {
  console.error(error);
  hasScriptError.set(true);
}

/** Listens for what no code handles. Called once, before anything else runs. */
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
