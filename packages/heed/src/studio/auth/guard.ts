/**
 * Checks every request before its route runs: host, session, access policy, origin of changes, and body size. The guard
 * also sets the headers of every response.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { matchedRoutes } from 'hono/route';
import { isForPurpose, verdictOf } from './policies.ts';
import type { BrowserSession, SessionCookies } from './session-cookies.ts';
import type { Identity, SessionEnd } from './sessions.ts';

const MAX_BODY_BYTES = 64 * 1024;
const SAFE_METHODS = ['GET', 'HEAD'];

/** The variables in a route's context. */
export interface StudioEnv {
  Variables: {
    /** Undefined for anonymous requests. */
    identity: Identity | undefined;
    session: BrowserSession | undefined;
  };
}

/**
 * The content security policy, which says what a page may load. `inlineScripts` are hashes of the document's own
 * scripts.
 */
function contentPolicy(inlineScripts: readonly string[]): string {
  const scripts = ["'self'", ...inlineScripts].join(' ');
  return `default-src 'none'; script-src ${scripts}; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** Security headers of every response, besides the content security policy. */
const HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
} as const;

/**
 * The header that is sent only over https or to this machine itself. Over other connections, browsers ignore this
 * header and warn in the console.
 */
const SECURE_HEADER = 'Cross-Origin-Opener-Policy';
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Sets the headers that the route has not set itself. `secure` means that browsers reach the studio over https. */
export const responseHeaders = (options: { secure: boolean; inlineScripts: readonly string[] }): MiddlewareHandler => {
  const headers = { 'Content-Security-Policy': contentPolicy(options.inlineScripts), ...HEADERS };
  return async (c, next) => {
    await next();
    const isSecure = options.secure || LOOPBACK_HOST.test(c.req.header('host') ?? new URL(c.req.url).host);
    for (const [name, value] of Object.entries(headers)) {
      if (!c.res.headers.has(name) && (isSecure || name !== SECURE_HEADER)) c.res.headers.set(name, value);
    }
    if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store');
  };
};

/** Refuses requests to a foreign host name that points to this address (DNS rebinding). */
export function checkHost(origins: ReadonlySet<string>): MiddlewareHandler {
  const hosts = new Set([...origins].map((origin) => new URL(origin).host));
  return async (c, next) => {
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    if (!hosts.has(host)) return problem(c, 421, 'this server does not answer under that name');
    return next();
  };
}

/** Any session of the browser may load pictures, because an image element cannot name its page's session. */
const PICTURE_ROUTE = 'GET /api/pictures/:id';

/** Finds the request's session, and refuses the request if the table of policies does not admit the session's role. */
export function checkPolicy({ cookies }: { cookies: SessionCookies }): MiddlewareHandler<StudioEnv> {
  return async (c, next) => {
    const route = routeOf(c);
    const session = await cookies.find(c, { isAnyEnough: route === PICTURE_ROUTE });
    const identity = session?.identity;
    c.set('session', session);
    c.set('identity', identity);
    switch (verdictOf(route, identity?.role)) {
      case 'allow':
        if (identity !== undefined && !isForPurpose(route, identity)) return problem(c, 404, 'there is nothing here');
        return next();
      case 'login':
        return problem(c, 401, 'log in first', (await cookies.whyNot(c)) ?? 'anonymous');
      case 'absent':
        return problem(c, 404, 'there is nothing here');
    }
  };
}

/** Refuses requests for changes that come from a page of another site. */
export function checkOrigin(origins: ReadonlySet<string>): MiddlewareHandler {
  return async (c, next) => {
    if (SAFE_METHODS.includes(c.req.method)) return next();
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site') ?? 'same-origin';
    if (origin === undefined || !origins.has(origin) || site !== 'same-origin') {
      return problem(c, 403, 'changes are only taken from pages of this server');
    }
    return next();
  };
}

/**
 * The largest number of requests for changes that one person may have in progress. A page sends changes one by one, but
 * sends all queued changes at once after an interruption.
 */
const MAX_CHANGES_AT_ONCE = 100;

/** Refuses further changes of a person who has too many in progress, so that other people need not wait. */
export function checkFlood({ maxAtOnce = MAX_CHANGES_AT_ONCE } = {}): MiddlewareHandler<StudioEnv> {
  const running = new Map<string, number>();
  return async (c, next) => {
    const { identity } = c.var;
    if (identity === undefined || SAFE_METHODS.includes(c.req.method)) return next();
    const { rater } = identity;
    const count = running.get(rater) ?? 0;
    if (count >= maxAtOnce)
      return tooMany(c, { status: 429, seconds: 1, error: 'too many at once; wait for the first' });
    running.set(rater, count + 1);
    try {
      await next();
    } finally {
      const left = running.get(rater)! - 1;
      if (left === 0) running.delete(rater);
      else running.set(rater, left);
    }
  };
}

/** Asks the client to repeat the request later, for a reason other than too many requests. */
export function sendAgain(c: Context, options: { seconds: number; error: string }) {
  c.header('Retry-After', String(options.seconds));
  return problem(c, 503, options.error);
}

/** Asks the client to repeat the request later, because too many came at once. */
export function tooMany(c: Context, options: { status: 429 | 503; seconds: number; error: string }) {
  c.header('Retry-After', String(options.seconds));
  return problem(c, options.status, options.error, 'too-many');
}

/** Routes that check the size of streamed bodies themselves. */
const STREAMING_ROUTES: readonly (string | undefined)[] = ['PUT /api/data/uploads/:id/files'];

/** Refuses bodies that are larger than any route needs. */
export const checkBody: MiddlewareHandler = async (c, next) =>
  STREAMING_ROUTES.includes(routeOf(c)) ? next() : limitBody(c, next);

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) => problem(c, 413, `expected at most ${MAX_BODY_BYTES} bytes`),
});

/** Codes of problems that raters' pages explain in the rater's language. */
export type ProblemCode =
  | SessionEnd
  | 'anonymous'
  | 'broken-link'
  | 'used-link'
  | 'expired-link'
  | 'too-many'
  | 'no-name'
  | 'answered'
  | 'gone';

/** The common error response of all routes. */
export function problem(
  c: Context,
  status: 400 | 401 | 403 | 404 | 409 | 413 | 421 | 429 | 500 | 503,
  error: string,
  code?: ProblemCode,
) {
  return c.json({ error, ...(code === undefined ? {} : { code }) }, status);
}

/** The registered route that will answer, for example 'GET /api/session'. */
function routeOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }) => method !== 'ALL');
  return route && `${route.method} ${route.path}`;
}
