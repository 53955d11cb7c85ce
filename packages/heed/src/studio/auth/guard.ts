/**
 * What every request passes before its route: the host it was meant for, the session, the table of policies, the origin
 * of what changes something, and the size of its body. And the headers that every response carries.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { matchedRoutes } from 'hono/route';
import { isForPurpose, verdictOf } from './policies.ts';
import type { BrowserSession, SessionCookies } from './session-cookies.ts';
import type { Identity, SessionEnd } from './sessions.ts';

const MAX_BODY_BYTES = 64 * 1024;
const SAFE_METHODS = ['GET', 'HEAD'];

/** What routes find in their context. */
export interface StudioEnv {
  Variables: {
    /** Absent for the anonymous. */
    identity: Identity | undefined;
    session: BrowserSession | undefined;
  };
}

/** Headers of every response. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
} as const;

/** Browsers ignore it over plain http, and complain in the console. */
const SECURE_HEADER = 'Cross-Origin-Opener-Policy';
const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Sets the headers where the route has not set its own. `secure`: browsers reach the studio over https. */
export const responseHeaders = (options: { secure: boolean }): MiddlewareHandler => {
  return async (c, next) => {
    await next();
    const isSecure = options.secure || LOOPBACK_HOST.test(c.req.header('host') ?? new URL(c.req.url).host);
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!c.res.headers.has(name) && (isSecure || name !== SECURE_HEADER)) c.res.headers.set(name, value);
    }
    if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'no-store');
  };
};

/** Refuses what is not meant for this server: a foreign name that was pointed at this address (DNS rebinding). */
export function checkHost(origins: ReadonlySet<string>): MiddlewareHandler {
  const hosts = new Set([...origins].map((origin) => new URL(origin).host));
  return async (c, next) => {
    const host = c.req.header('host') ?? new URL(c.req.url).host;
    if (!hosts.has(host)) return problem(c, 421, 'this server does not answer under that name');
    return next();
  };
}

/** Any session of the browser may load these: an image element cannot say which session its page has. */
const PICTURE_ROUTE = 'GET /api/pictures/:id';

/** Tells the identity and asks the table of policies. */
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

/** Refuses changes that another site's page asks for. */
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

/** A page sends one change after another; after a while without a connection, what it kept. */
const MAX_CHANGES_AT_ONCE = 100;

/** Refuses what one person's programs send all at once, so that others need not wait behind it. */
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

/** These count what they stream to disk themselves. */
const STREAMING_ROUTES: readonly (string | undefined)[] = ['PUT /api/data/uploads/:id/files'];

/** Refuses bodies that no route wants. */
export const checkBody: MiddlewareHandler = async (c, next) =>
  STREAMING_ROUTES.includes(routeOf(c)) ? next() : limitBody(c, next);

const limitBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (c) => problem(c, 413, `expected at most ${MAX_BODY_BYTES} bytes`),
});

/** What raters' pages say in their own words, in the rater's language. */
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

/** An error as every route answers it. */
export function problem(
  c: Context,
  status: 400 | 401 | 403 | 404 | 409 | 413 | 421 | 429 | 500 | 503,
  error: string,
  code?: ProblemCode,
) {
  return c.json({ error, ...(code === undefined ? {} : { code }) }, status);
}

/** 'GET /api/session': the route that will answer, as it was registered. */
function routeOf(c: Context): string | undefined {
  const route = matchedRoutes(c).find(({ method }) => method !== 'ALL');
  return route && `${route.method} ${route.path}`;
}
