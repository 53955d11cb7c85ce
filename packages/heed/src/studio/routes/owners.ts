/**
 * Routes for owners, the people who manage the project: list and add owners, create login links, and end an owner's
 * access.
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { isBadInput } from '../../errors.ts';
import { appendRaterEvent } from '../../feedback/index.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import type { Owner } from '../auth/owners.ts';
import type { Studio } from '../studio.ts';
import { check, personName } from './check-body.ts';

const ownerParam = z.strictObject({ id: z.string().max(100) });

export function ownerRoutes({ project, owners, sessions, loginLinks }: Studio, { origin }: { origin: string }) {
  const raterOf = (c: { var: StudioEnv['Variables'] }) => c.var.identity!.rater;
  /** The login link. Because the token comes after the '#', it appears in no log and no link preview. */
  const linkFor = ({ id }: Owner) => `${origin}/login#${loginLinks.issue(id)}`;
  return (
    new Hono<StudioEnv>()
      .get('/', async (c) => {
        const counts = await sessions.countOwners();
        const shown = owners.all().map((owner) => ({
          ...owner,
          devices: counts.get(owner.id) ?? 0,
          isYou: owner.id === raterOf(c),
        }));
        return c.json({ owners: shown });
      })
      .post('/', check('json', z.strictObject({ name: personName() })), async (c) => {
        try {
          const owner = await owners.add(c.req.valid('json').name, raterOf(c));
          // The rater entry shows their judgements under their name.
          await appendRaterEvent(project, { time: owner.addedAt!, rater: owner.id, event: 'joined', name: owner.name });
          return c.json({ owner, link: linkFor(owner) });
        } catch (error) {
          if (isBadInput(error)) return problem(c, 409, error.message);
          throw error;
        }
      })
      .post('/:id/link', check('param', ownerParam), (c) => {
        const owner = owners.find(c.req.valid('param').id);
        return owner ? c.json({ link: linkFor(owner) }) : problem(c, 404, 'there is no such owner');
      })
      /**
       * Ends another owner's access, and all sessions and login links of that owner. If owners name themselves, they
       * keep their access and the session that sends the request.
       */
      .post('/:id/revoke', check('param', ownerParam), async (c) => {
        const { id } = c.req.valid('param');
        if (!owners.find(id)) return problem(c, 404, 'there is no such owner');
        const isYou = id === raterOf(c);
        if (!isYou) await owners.revoke(id, raterOf(c));
        loginLinks.revoke(id);
        await sessions.endAll(id, isYou ? { except: c.var.session!.token } : {});
        return c.json({ revoked: true });
      })
  );
}
