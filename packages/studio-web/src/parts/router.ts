/** A small client-side router. */
import { type MouseEvent, useSyncExternalStore } from 'react';

const MOVED = 'heed:moved';

/** Shows another page. */
export function go(path: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  scrollTo(0, 0);
  dispatchEvent(new Event(MOVED));
}

/** The current page's path and query. */
export function useAddress(): { path: string; query: URLSearchParams } {
  const address = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  const url = new URL(address, location.origin);
  return { path: url.pathname, query: url.searchParams };
}

/**
 * An `onClick` handler for links: shows the linked page without reloading the document, unless the user wants a new
 * tab.
 */
export function followLink(event: MouseEvent<HTMLAnchorElement>): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  // The keys of the page that comes, Enter among them, are for that page and not for the link.
  event.currentTarget.blur();
  go(event.currentTarget.pathname + event.currentTarget.search);
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  addEventListener(MOVED, listener);
  return () => {
    removeEventListener('popstate', listener);
    removeEventListener(MOVED, listener);
  };
}
