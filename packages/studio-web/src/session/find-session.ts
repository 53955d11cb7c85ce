/** Asks the studio who this tab is. */
import { api, raterRequest, read } from '../api/client.ts';
import type { Session } from './session.ts';
import { keepSessionKey, sessionKey } from './session-key.ts';

export interface FoundSession {
  readonly session?: Session;
  /** The reason why an earlier session has ended: 'revoked' or 'over'. */
  readonly why?: string;
}

const OWNER_KEY = 'owner';

/** Finds the session and binds the tab to it, so that another rater who logs in does not take the tab over. */
export async function findSession(): Promise<FoundSession> {
  const found = await read(api.session.$get({}, raterRequest()));
  if (found.role !== 'anonymous') {
    keepSessionKey(found.key);
    return { session: { purpose: 'both', isTrial: false, ...found } };
  }
  if (sessionKey() === OWNER_KEY) return {};
  // The tab's cookie may be gone with the browser's; that the tab had a session is known here.
  const why = found.why ?? (sessionKey() === undefined ? undefined : 'over');
  return why === undefined ? {} : { why };
}
