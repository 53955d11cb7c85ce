/**
 * Reads and sets the cookies that carry session tokens. One browser can hold several sessions. Each rater's session has
 * its own cookie. The default cookie carries the session of the owner, or else of the rater who logged in last. A page
 * names its session in a header, so that one rater's tab never submits answers as another rater who logged in later. A
 * request without the header (a new tab, a picture) uses the default cookie.
 */
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import type { Secret } from './secret.ts';
import {
  type Identity,
  isOwnerRater,
  isTrial,
  OWNER_RATER,
  SESSION_DAYS,
  type SessionEnd,
  type Sessions,
} from './sessions.ts';

export const SESSION_HEADER = 'heed-session';

/** A valid session of the requesting browser. */
export interface BrowserSession {
  readonly key: string;
  readonly token: string;
  readonly identity: Identity;
}

export interface SessionCookies {
  /** The key with which pages name a rater's session. The key is not secret but cannot be guessed. */
  keyOf(rater: string): string;
  /**
   * The session that the request names, or the session of the default cookie. With `isAnyEnough`, any other valid
   * session of the browser is returned if that session is missing.
   */
  find(c: Context, options?: { isAnyEnough?: boolean }): Promise<BrowserSession | undefined>;
  /** All valid sessions of the browser. */
  all(c: Context): Promise<BrowserSession[]>;
  /** Why the session that the request names is not valid; undefined when the request has no session cookie. */
  whyNot(c: Context): Promise<SessionEnd | undefined>;
  /** Sets the cookies of a new session; returns its key. */
  start(c: Context, session: { token: string; identity: Pick<Identity, 'rater'> }): Promise<string>;
  /** Ends the session and removes its cookies. */
  end(c: Context, session: BrowserSession): Promise<void>;
}

export function createSessionCookies(options: {
  name: string;
  secure: boolean;
  secret: Secret;
  sessions: Sessions;
}): SessionCookies {
  const { name, secure, secret, sessions } = options;
  const settings = { path: '/', httpOnly: true, sameSite: 'Strict', secure } as const;
  const keyOf = (rater: string) => (isOwnerRater(rater) ? OWNER_RATER : secret.tag('session', rater));
  const ownName = (key: string) => `${name}-${key}`;
  const identify = async (token: string | undefined): Promise<BrowserSession | undefined> => {
    const identity = token === undefined ? undefined : await sessions.identify(token);
    return identity && { key: keyOf(identity.rater), token: token!, identity };
  };
  const tokensOf = (c: Context) => {
    const wanted = c.req.header(SESSION_HEADER);
    const cookies = getCookie(c);
    return { wanted, plain: cookies[name], own: wanted === undefined ? undefined : cookies[ownName(wanted)], cookies };
  };
  const all = async (c: Context) => {
    const { cookies } = tokensOf(c);
    const tokens = Object.keys(cookies)
      .filter((each) => each === name || each.startsWith(`${name}-`))
      .map((each) => cookies[each]!);
    const found: BrowserSession[] = [];
    for (const token of new Set(tokens)) {
      const session = await identify(token);
      if (session && !found.some(({ key }) => key === session.key)) found.push(session);
    }
    return found;
  };
  return {
    keyOf,
    all,
    async find(c, { isAnyEnough = false } = {}) {
      const { wanted, plain, own } = tokensOf(c);
      for (const token of [own, plain]) {
        const session = await identify(token);
        if (session && (wanted === undefined || wanted === session.key)) return session;
      }
      return isAnyEnough ? (await all(c))[0] : undefined;
    },
    async whyNot(c) {
      const { wanted, plain, own } = tokensOf(c);
      const token = wanted === undefined ? plain : (own ?? plain);
      return token === undefined ? undefined : sessions.endOf(token);
    },
    async start(c, { token, identity }) {
      const key = keyOf(identity.rater);
      const lasting = { ...settings, maxAge: SESSION_DAYS * 86_400 };
      const { plain } = tokensOf(c);
      const isOwnersBrowser = (await identify(plain))?.identity.role === 'owner';
      // The owner stays logged in in other tabs; a trial's session belongs to its own tab.
      if (key === OWNER_RATER || !(isOwnersBrowser || isTrial(identity))) setCookie(c, name, token, lasting);
      if (key !== OWNER_RATER) setCookie(c, ownName(key), token, lasting);
      return key;
    },
    async end(c, { key, token }) {
      await sessions.end(token);
      const { cookies } = tokensOf(c);
      for (const each of [name, ownName(key)]) {
        if (cookies[each] === token) setCookie(c, each, '', { ...settings, maxAge: 0 });
      }
    },
  };
}
