/** Logging in and out, and who one is. */
import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { platformId } from '../../feedback/index.ts';
import type { AttemptLimit } from '../auth/attempt-limit.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { OWNER_RATER, SESSION_DAYS } from '../auth/sessions.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const joinBody = z
  .strictObject({
    token: z.string().max(200),
    /** Not asked of those whom a platform names. */
    name: z.string().trim().min(1).max(100).optional(),
    participant: platformId().optional(),
    study: platformId().optional(),
    session: platformId().optional(),
  })
  .refine(({ name, participant }) => name !== undefined || participant !== undefined, {
    message: 'expected a name',
    path: ['name'],
  });

/** How the cookie is called and whether it may travel in the clear. */
export interface CookieSettings {
  readonly name: string;
  readonly secure: boolean;
}

export function sessionRoutes(studio: Studio, options: { cookie: CookieSettings; attempts: AttemptLimit }) {
  const { cookie, attempts } = options;
  const settings = { path: '/', httpOnly: true, sameSite: 'Strict', secure: cookie.secure } as const;
  return new Hono<StudioEnv>()
    .get('/', (c) => {
      const { identity } = c.var;
      return c.json({ role: identity?.role ?? ('anonymous' as const), project: identity ? projectName(studio) : '' });
    })
    .post('/login', check('json', z.strictObject({ token: z.string().max(200) })), async (c) => {
      const wait = attempts.take(addressOf(c));
      if (wait !== undefined) {
        c.header('Retry-After', String(wait));
        return problem(c, 429, `too many attempts; wait ${wait} seconds`);
      }
      if (!studio.loginLinks.redeem(c.req.valid('json').token)) {
        return problem(c, 401, 'this link was used or is of an earlier start');
      }
      const earlier = getCookie(c, cookie.name);
      if (earlier !== undefined) await studio.sessions.end(earlier);
      const token = await studio.sessions.start({ role: 'owner', rater: OWNER_RATER });
      setCookie(c, cookie.name, token, { ...settings, maxAge: SESSION_DAYS * 86_400 });
      return c.json({ role: 'owner' as const });
    })
    .post('/join', check('json', joinBody), async (c) => {
      const { token, ...arrival } = c.req.valid('json');
      const wait = attempts.take(addressOf(c));
      if (wait !== undefined) {
        c.header('Retry-After', String(wait));
        return problem(c, 429, `too many attempts; wait ${wait} seconds`);
      }
      const earlier = getCookie(c, cookie.name);
      const known = earlier === undefined ? undefined : await studio.sessions.identify(earlier);
      // Opened again in the same browser, by a rater or by the owner to look at it: nobody new has come.
      const isBack = known?.invite !== undefined && known.invite === studio.invites.read(token);
      if (known?.role === 'owner' || (isBack && studio.admission.isSame(known.rater, arrival))) {
        return c.json({ role: known.role });
      }
      const admitted = await studio.admission.admit(token, arrival);
      if (!admitted) return problem(c, 401, 'this invitation is over or not whole');
      const { rater, invite } = admitted;
      if (earlier !== undefined) await studio.sessions.end(earlier);
      const session = await studio.sessions.start({ role: 'rater', rater }, { invite });
      setCookie(c, cookie.name, session, { ...settings, maxAge: SESSION_DAYS * 86_400 });
      return c.json({ role: 'rater' as const });
    })
    .post('/logout', async (c) => {
      const token = getCookie(c, cookie.name);
      if (token !== undefined) await studio.sessions.end(token);
      deleteCookie(c, cookie.name, settings);
      return c.json({ role: 'anonymous' as const });
    });
}

function projectName({ project }: Studio): string {
  return project.folder.split(/[\\/]/).at(-1) ?? '';
}

function addressOf(c: Context): string {
  // Only a request over a socket has an address; one that is made in the process has none.
  return c.env && 'incoming' in c.env ? (getConnInfo(c).remote.address ?? '') : '';
}
