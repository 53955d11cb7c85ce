/** Routes for login, logout, arriving by a link, and the current identity. */
import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { platformId, readRaters } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';
import { plainName } from '../../text/plain-name.ts';
import type { AttemptLimit } from '../auth/attempt-limit.ts';
import type { ClientAddress } from '../auth/client-address.ts';
import { type ProblemCode, problem, type StudioEnv } from '../auth/guard.ts';
import { returnTokenOf } from '../auth/return-link.ts';
import type { BrowserSession, SessionCookies } from '../auth/session-cookies.ts';
import { isTrial, trialRater } from '../auth/sessions.ts';
import type { Arrival, LinkState } from '../raters/admission.ts';
import type { Studio } from '../studio.ts';
import { check, personName } from './check-body.ts';

const token = z.string().max(300);
const joinBody = z.strictObject({
  token,
  /** Name of the rater; platform participants and returning raters are not asked for a name. */
  name: personName().optional(),
  participant: platformId().optional(),
  study: platformId().optional(),
  session: platformId().optional(),
  /** Whether an owner wants a trial, which shows what raters see. Answers in a trial are not stored. */
  isTrial: z.boolean().optional(),
});
const inviteBody = z.strictObject({ token, participant: platformId().optional() });

/**
 * For each reason to refuse a link, the problem code and an English sentence. Raters' pages show a sentence for the
 * code in the rater's language.
 */
const ENDS: Readonly<Record<Extract<LinkState, { state: 'over' }>['why'], [ProblemCode, string]>> = {
  broken: ['broken-link', 'this link is not whole; copy it again'],
  used: ['used-link', 'as many people as were invited have come by this link'],
  expired: ['expired-link', 'the time of this link is over'],
  revoked: ['revoked', 'this invitation was ended by the owner of the project'],
};

export interface SessionRoutesOptions {
  readonly cookies: SessionCookies;
  readonly attempts: AttemptLimit;
  readonly addressOf: ClientAddress;
  /** Origin (scheme, host and port) of the links that the pages show. */
  readonly origin: string;
}

export function sessionRoutes(studio: Studio, options: SessionRoutesOptions) {
  const { cookies, origin } = options;
  const { admission, project, secret, sessions } = studio;
  const study = secret.tag('study', 'id');
  const refuse = createRefusals(options);
  /** Sessions in this browser that were started with the invite, without trials. */
  const sessionsOf = async (c: Context, invite: string) =>
    (await cookies.all(c)).filter(({ identity }) => identity.invite === invite && !isTrial(identity));

  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      const { session } = c.var;
      if (!session) return c.json({ role: 'anonymous' as const, why: (await cookies.whyNot(c)) ?? null });
      const shown = { project: projectName(studio), study, key: session.key, role: session.identity.role };
      return c.json({ ...shown, ...aboutSession(studio, session, origin) });
    })
    .post('/login', check('json', z.strictObject({ token })), async (c) => {
      const owner = studio.loginLinks.redeem(c.req.valid('json').token);
      if (owner === undefined || studio.owners.find(owner) === undefined) {
        return refuse.login(c);
      }
      const earlier = (await cookies.all(c)).find(({ identity }) => identity.role === 'owner');
      if (earlier) await sessions.end(earlier.token);
      const identity = { role: 'owner', rater: owner } as const;
      const key = await cookies.start(c, { token: await sessions.start(identity), identity });
      return c.json({ role: 'owner' as const, key });
    })
    .post('/invite', check('json', inviteBody), async (c) => {
      const { token: given, participant } = c.req.valid('json');
      const link = await admission.look(given, { participant });
      if (link.state === 'over') return refuse.link(c, given, link.why);
      const { id, purpose, maxUses } = link.invite;
      const known = (await sessionsOf(c, id)).map(({ key, identity }) => ({
        key,
        name: raterName(project, identity.rater),
      }));
      if (link.state === 'full' && known.length === 0) return refuse.link(c, given, 'used');
      const all = await cookies.all(c);
      return c.json({
        state: link.state,
        purpose,
        isPersonal: maxUses === 1,
        /** Name of the rater whom the link identifies. */
        name: link.state === 'back' ? (link.rater.name ?? link.rater.id) : null,
        /** Raters who have already joined in this browser with the same invite. */
        known,
        isOwner: all.some(({ identity }) => identity.role === 'owner'),
      });
    })
    .post('/join', check('json', joinBody), async (c) => {
      const { token: given, isTrial: wantsTrial = false, ...arrival } = c.req.valid('json');
      const link = await admission.look(given, arrival);
      if (link.state === 'over') return refuse.link(c, given, link.why);
      const start = async (rater: string, invite: string) => {
        const identity = { role: 'rater', rater } as const;
        const key = await cookies.start(c, { token: await sessions.start(identity, { invite }), identity });
        return c.json({ role: 'rater' as const, key });
      };
      if (wantsTrial) {
        const isOwner = (await cookies.all(c)).some(({ identity }) => identity.role === 'owner');
        return isOwner ? start(trialRater(), link.invite.id) : problem(c, 404, 'there is nothing here');
      }
      const same = await sameSession(c, link, arrival);
      if (same) return c.json({ role: 'rater' as const, key: same.key });
      if (link.state === 'open' && arrival.name === undefined && arrival.participant === undefined) {
        return problem(c, 400, 'name: expected a name', 'no-name');
      }
      const admitted = await admission.admit(given, arrival);
      return 'state' in admitted ? refuse.link(c, given, admitted.why) : start(admitted.rater, admitted.invite);
    })
    .post('/logout', async (c) => {
      if (c.var.session) await cookies.end(c, c.var.session);
      return c.json({ role: 'anonymous' as const });
    });

  /** Finds the person's earlier session when a link is opened again in the same browser. */
  async function sameSession(c: Context, link: LinkState, arrival: Arrival): Promise<BrowserSession | undefined> {
    if (link.state === 'over') return undefined;
    const own = await sessionsOf(c, link.invite.id);
    return own.find(({ identity }) =>
      link.state === 'back' ? identity.rater === link.rater.id : admission.isSame(identity.rater, arrival),
    );
  }
}

/** Responses to refused links. Requests with wrong links are counted; after too many of them, the client must wait. */
function createRefusals({ attempts, addressOf: clientAddress }: SessionRoutesOptions) {
  const clientOf = (c: Context) => `client ${addressOf(c, clientAddress)}`;
  const wrong = (c: Context, keys: readonly string[], [code, sentence]: [ProblemCode | undefined, string]) => {
    const wait = attempts.fail(keys);
    if (wait === undefined) return problem(c, 401, sentence, code);
    c.header('Retry-After', String(wait));
    return problem(c, 429, `too many wrong links; wait ${wait} seconds`, 'too-many');
  };
  return {
    login: (c: Context) => wrong(c, [clientOf(c)], [undefined, 'this link was used or is of an earlier start']),
    link: (c: Context, given: string, why: keyof typeof ENDS) =>
      why === 'broken'
        ? wrong(c, [clientOf(c), `link ${given.split('.')[0]}`], ENDS.broken)
        : problem(c, 401, ENDS[why][1], ENDS[why][0]),
  };
}

/** The data about the logged-in person that the pages show. */
function aboutSession({ owners, project, secret }: Studio, { identity }: BrowserSession, origin: string) {
  if (identity.role === 'owner') return { name: owners.find(identity.rater)?.name ?? identity.rater };
  const { rater, invite, purpose } = identity;
  const isOnTrial = isTrial(identity);
  return {
    purpose,
    isTrial: isOnTrial,
    ...(isOnTrial ? {} : { name: raterName(project, rater) }),
    /** Link with which the rater can continue on another device. */
    ...(isOnTrial || invite === undefined
      ? {}
      : { returnLink: `${origin}/join#${returnTokenOf(secret, { rater, invite })}` }),
  };
}

function raterName(project: Project, rater: string): string {
  return readRaters(project).get(rater)?.name ?? rater;
}

function projectName({ project }: Studio): string {
  return plainName(project.folder.split(/[\\/]/).at(-1) ?? '');
}

function addressOf(c: Context, clientAddress: ClientAddress): string {
  // Only a request over a socket has an address; an in-process request has none.
  const remote = c.env && 'incoming' in c.env ? (getConnInfo(c).remote.address ?? '') : '';
  return clientAddress({ remote, forwardedFor: c.req.header('x-forwarded-for') });
}
