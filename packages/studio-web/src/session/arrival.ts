/**
 * The invitation link that a person opened. The page removes the link's token from the address bar at once and stores
 * it in the tab's session storage.
 */
import { type PlatformIds, platformIdsIn } from './platform-ids.ts';

export interface Arrival extends PlatformIds {
  readonly token: string;
}

const STORAGE_KEY = 'heed-arrival';

/**
 * Reads the link's token and ids from the address or, after a reload, from the tab's session storage; undefined when
 * the address had no token.
 */
export function takeArrival(): Arrival | undefined {
  const token = location.hash.slice(1);
  if (token === '') return kept();
  const arrival = { token, ...platformIdsIn(location.search) };
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(arrival));
    history.replaceState(null, '', location.pathname);
  } catch {
    // Without storage the link stays in the address, so that loading the page again does not lose it.
  }
  return arrival;
}

function kept(): Arrival | undefined {
  try {
    const arrival = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null') as Arrival | null;
    return typeof arrival?.token === 'string' ? arrival : undefined;
  } catch {
    return undefined;
  }
}
