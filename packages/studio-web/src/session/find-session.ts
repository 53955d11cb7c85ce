/** Asks the studio for the session that this browser tab uses. */
import { api, raterRequest, read } from '../api/client.ts';
import type { Session } from './session.ts';
import { keepSessionKey, sessionKey } from './session-key.ts';

export interface FoundSession {
  readonly session?: Session;
  /** The reason why an earlier session has ended: 'revoked' or 'over'. */
  readonly why?: string;
}

const OWNER_KEY = 'owner';

/**
 * Finds the session and stores its key in the tab. If another rater logs in later in this browser, the tab keeps its
 * session.
 */
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
