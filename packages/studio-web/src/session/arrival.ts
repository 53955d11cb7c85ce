/**
 * The link by which a person arrived. The page removes the link from the address bar at once, and the tab keeps it
 * until the person has joined.
 */
import { type PlatformIds, platformIdsIn } from './platform-ids.ts';

export interface Arrival extends PlatformIds {
  readonly token: string;
}

const STORAGE_KEY = 'heed-arrival';

/** Reads the link from the address, or from the tab's storage after a reload; undefined when there was no link. */
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
