/**
 * The key of the session that this browser tab uses. One browser can have sessions of several raters, each with its own
 * cookie. Every request names its session in a header, so that a tab never sends answers for the rater of another tab.
 */

export const SESSION_HEADER = 'Heed-Session';
const STORAGE_KEY = 'heed-session';

let current: string | undefined = load();

/** Key of the tab's session; undefined until the tab has a session. */
export function sessionKey(): string | undefined {
  return current;
}

/** Stores the session's key for this tab, so that the tab uses the same session after a reload. */
export function keepSessionKey(key: string | undefined): void {
  current = key;
  try {
    if (key === undefined) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, key);
  } catch {
    // Without storage the tab falls back to the browser's latest session after a reload.
  }
}

/** The header that names the session: `key`, by default the key of the tab's session. */
export function sessionHeaders(key = current): Record<string, string> {
  return key === undefined ? {} : { [SESSION_HEADER]: key };
}

function load(): string | undefined {
  try {
    return sessionStorage.getItem(STORAGE_KEY) ?? undefined;
  } catch {
    return undefined;
  }
}
