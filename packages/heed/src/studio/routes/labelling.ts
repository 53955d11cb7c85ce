/** Labelling: the next queries, answers, and taking them back. The rater is always the one of the session. */
import { Hono } from 'hono';
import { z } from 'zod';
import { MAX_ANSWER_SECONDS, readRaters } from '../../feedback/index.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { OWNER_RATER } from '../auth/sessions.ts';
import type { Acceptance } from '../labelling/answer.ts';
import { noteShown, releaseQueries } from '../labelling/lease.ts';
import { createLeaseDesk } from '../labelling/lease-desk.ts';
import { createStandings } from '../labelling/standing.ts';
import { completionOf } from '../raters/completion.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const MAX_LEASES = 10;
const MAX_REASON_LENGTH = 500;

const queryId = z.string().min(1).max(200);
const leaseBody = z.strictObject({ count: z.int().min(1).max(MAX_LEASES) });
const answerBody = z.strictObject({
  id: z.uuid(),
  query: queryId,
  /** null skips the query. */
  labels: z
    .array(z.enum(['good', 'bad']))
    .max(100)
    .nullable(),
  reason: z.string().max(MAX_REASON_LENGTH).optional(),
  seconds: z.number().min(0).max(MAX_ANSWER_SECONDS).optional(),
});
const STATUS = { unknown: 404, conflict: 409 } as const;

export function labellingRoutes(studio: Studio) {
  const { database, desk, images, plan, queue } = studio;
  const { ratersPerQuery, practiceQueries, queriesPerRater: limit } = studio.project.config.label;
  /** The owner knows the answers and is never done. */
  const termsOf = (rater: string) =>
    rater === OWNER_RATER
      ? { rater, ratersPerQuery }
      : {
          rater,
          ratersPerQuery,
          ...(limit === 0 ? {} : { queriesPerRater: limit }),
          measuring: { plan, practiceQueries },
        };
  const lease = createLeaseDesk(database);
  const standingOf = createStandings(database.db, { ratersPerQuery });
  const raterOf = (c: { var: StudioEnv['Variables'] }) => c.var.identity!.rater;
  return new Hono<StudioEnv>()
    .get('/standing', async (c) => {
      const rater = raterOf(c);
      const standing = await standingOf(termsOf(rater));
      const record = readRaters(studio.project).get(rater);
      const completion = rater === OWNER_RATER ? undefined : completionOf(studio.completion, { standing, record });
      return c.json({ ...standing, ...(completion === undefined ? {} : { completion }) });
    })
    .post('/lease', check('json', leaseBody), async (c) => {
      await studio.refresh();
      const { count } = c.req.valid('json');
      const first = await queue.waiting({ rater: raterOf(c), limit: count });
      const asked = await lease({ ...termsOf(raterOf(c)), count, first });
      return c.json({
        queries: asked.map(({ id, prompt, purpose, images: ids }) => ({
          id,
          prompt,
          /** What else a query is for is not told. */
          isPractice: purpose === 'practice',
          images: ids.map((image) => {
            const { width, height } = images.current().get(image);
            return { name: images.nameOf(image), width, height };
          }),
        })),
      });
    })
    .post('/shown', check('json', z.strictObject({ query: queryId })), async (c) => {
      await noteShown(database.db, { query: c.req.valid('json').query, rater: raterOf(c) });
      return c.json({ noted: true });
    })
    .post('/release', async (c) => {
      await releaseQueries(database.db, { rater: raterOf(c) });
      return c.json({ released: true });
    })
    .post('/answers', check('json', answerBody), async (c) => {
      const { labels, ...rest } = c.req.valid('json');
      const acceptance = await desk.answer({ ...rest, labels: labels ?? undefined, rater: raterOf(c) });
      if ('reason' in acceptance) return problem(c, STATUS[acceptance.state], acceptance.reason);
      return c.json(acceptance);
    })
    .post('/answers/:id/retract', check('param', z.strictObject({ id: z.uuid() })), async (c) => {
      const acceptance: Acceptance = await desk.retract({ id: c.req.valid('param').id, rater: raterOf(c) });
      if ('reason' in acceptance) return problem(c, STATUS[acceptance.state], acceptance.reason);
      return c.json(acceptance);
    });
}
