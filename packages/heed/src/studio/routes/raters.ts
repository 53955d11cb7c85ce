/** The owner's view of raters: invite links, each rater's work, and excluding or restoring raters. */
import { Hono } from 'hono';
import { z } from 'zod';
import { appendRaterEvent } from '../../feedback/index.ts';
import { plainName } from '../../text/plain-name.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import type { Invite } from '../auth/invites.ts';
import { readRaterAnswers } from '../raters/rater-details.ts';
import { summariseRaters } from '../raters/rater-summary.ts';
import { INVITE_PURPOSES } from '../storage/schema.ts';
import type { Studio } from '../studio.ts';
import { check, personName } from './check-body.ts';

const MAX_DAYS = 365;
const MAX_USES = 10_000;
/** Prolific's query parameters. The page also accepts the parameter names of other platforms. */
const PLATFORM_QUERY = ['PROLIFIC_PID', 'STUDY_ID', 'SESSION_ID'].map((name) => `${name}={{%${name}%}}`).join('&');

const inviteBody = z.strictObject({
  name: personName(),
  purpose: z.enum(INVITE_PURPOSES).optional(),
  days: z.int().min(1).max(MAX_DAYS),
  maxUses: z.int().min(1).max(MAX_USES),
});
const inviteParam = z.strictObject({ id: z.string().max(100) });
const raterParam = z.strictObject({ id: z.string().min(1).max(200) });

export function inviteRoutes(studio: Studio, options: { origin: string }) {
  const { invites } = studio;
  const shown = (invite: Invite) => ({
    id: invite.id,
    name: plainName(invite.name),
    purpose: invite.purpose,
    uses: invite.uses,
    maxUses: invite.maxUses,
    expiresAt: invite.expiresAt.toISOString(),
    isRevoked: invite.revokedAt !== null,
    link: `${options.origin}/join#${invites.tokenOf(invite)}`,
    /**
     * Link for a recruiting platform, which replaces each placeholder by its id of the participant, study or session.
     */
    platformLink: `${options.origin}/join?${PLATFORM_QUERY}#${invites.tokenOf(invite)}`,
  });
  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      const { code, url } = studio.completion;
      const completion = { code, ...(url === undefined ? {} : { url }) };
      return c.json({ invites: (await invites.all()).map(shown), completion });
    })
    .post('/', check('json', inviteBody), async (c) => c.json(shown(await invites.make(c.req.valid('json')))))
    .post('/:id/revoke', check('param', inviteParam), async (c) => {
      if (await invites.revoke(c.req.valid('param').id)) {
        studio.sessions.recheck();
        return c.json({ isRevoked: true });
      }
      return problem(c, 404, 'there is no such invite');
    });
}

export function raterRoutes({ project, comparisons, images }: Studio) {
  const note = (rater: string, event: 'set-aside' | 'taken-back') =>
    appendRaterEvent(project, { time: new Date().toISOString(), rater, event });
  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      const answers = comparisons.all().flatMap((comparison) => comparison.answers);
      return c.json(await summariseRaters(project, { comparisons: answers }));
    })
    .get('/:id', check('param', raterParam), async (c) => {
      const { id } = c.req.valid('param');
      const compared = comparisons.all().flatMap((comparison) => comparison.answers);
      const summary = (await summariseRaters(project, { comparisons: compared })).raters.find((one) => one.id === id);
      if (!summary) return problem(c, 404, 'there is no such rater');
      const { answers, total } = await readRaterAnswers(project, id);
      const known = images.current();
      return c.json({
        summary,
        total,
        answers: answers.map((answer) => ({
          ...answer,
          images: answer.images.map(({ image, ...said }) => ({
            ...said,
            /** Opaque name of the image; null when the image is not in the index. */
            name: known.has(image) ? images.nameOf(image) : null,
          })),
        })),
      });
    })
    .post('/:id/set-aside', check('param', raterParam), async (c) => {
      await note(c.req.valid('param').id, 'set-aside');
      return c.json({ isSetAside: true });
    })
    .post('/:id/take-back', check('param', raterParam), async (c) => {
      await note(c.req.valid('param').id, 'taken-back');
      return c.json({ isSetAside: false });
    });
}
