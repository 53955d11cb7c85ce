/**
 * The session that this tab uses. One browser can hold the sessions of several raters, each with a cookie. Every
 * request names its session, so that a tab never answers for the rater of another tab.
 */

export const SESSION_HEADER = 'Heed-Session';
const STORAGE_KEY = 'heed-session';

let current: string | undefined = load();

/** The tab's session; undefined until the tab has one. */
export function sessionKey(): string | undefined {
  return current;
}

/** Binds the tab to a session, also across reloads. */
export function keepSessionKey(key: string | undefined): void {
  current = key;
  try {
    if (key === undefined) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, key);
  } catch {
    // Without storage the tab falls back to the browser's latest session after a reload.
  }
}

/** The header that names a session: the given one, or else the tab's own. */
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
