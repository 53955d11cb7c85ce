/**
 * Which session this tab uses. One browser can hold several raters' sessions at once, a cookie each; every request
 * names its own, so that a tab never answers for the rater of another tab.
 */

export const SESSION_HEADER = 'Heed-Session';
const STORAGE_KEY = 'heed-session';

let current: string | undefined = load();

/** The tab's session; undefined until the tab has one. */
export function sessionKey(): string | undefined {
  return current;
}

/** Ties the tab to a session, over reloads too. */
export function keepSessionKey(key: string | undefined): void {
  current = key;
  try {
    if (key === undefined) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, key);
  } catch {
    // Without storage the tab falls back to the browser's latest session after a reload.
  }
}

/** The header that names a session: the tab's own, or the one that is given. */
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
