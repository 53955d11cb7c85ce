/**
 * Routes for the owners' known answers: list the queries that have a known answer, set a known answer, and remove it.
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { knownQueries } from '../labelling/known-queries.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const MAX_WHY_LENGTH = 300;
const STATUS = { unknown: 404, conflict: 409 } as const;

const markBody = z.strictObject({
  query: z.string().min(1).max(200),
  /** Images in the order of display. */
  images: z
    .array(
      z.strictObject({ label: z.enum(['good', 'bad']), why: z.string().trim().min(1).max(MAX_WHY_LENGTH).optional() }),
    )
    .min(1)
    .max(100),
});
const goldParam = z.strictObject({ query: z.string().min(1).max(200) });

export function goldRoutes(studio: Studio) {
  const { database, desk, images, project } = studio;
  const raterOf = (c: { var: StudioEnv['Variables'] }) => c.var.identity!.rater;
  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      const { practiceQueries } = project.config.label;
      const known = await knownQueries(database.db, { practiceQueries });
      return c.json({
        queries: known.map(({ images: shown, ...query }) => ({
          ...query,
          images: shown.map(({ image, ...answer }) => ({ name: images.nameOf(image), ...answer })),
        })),
      });
    })
    .post('/', check('json', markBody), async (c) => {
      const acceptance = await desk.markGold({ ...c.req.valid('json'), rater: raterOf(c) });
      if ('reason' in acceptance) return problem(c, STATUS[acceptance.state], acceptance.reason);
      return c.json(acceptance);
    })
    .post('/:query/remove', check('param', goldParam), async (c) => {
      const acceptance = await desk.removeGold({ ...c.req.valid('param'), rater: raterOf(c) });
      if ('reason' in acceptance) return problem(c, STATUS[acceptance.state], acceptance.reason);
      return c.json(acceptance);
    });
}
