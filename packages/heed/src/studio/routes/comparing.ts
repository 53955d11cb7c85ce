/**
 * Routes for raters in blind comparisons: asking for queries and sending answers. No response reveals which model
 * generated which images.
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { MAX_ANSWER_SECONDS } from '../../feedback/index.ts';
import type { StudioEnv } from '../auth/guard.ts';
import { type Identity, isTrial } from '../auth/sessions.ts';
import { PREFERENCES } from '../comparing/comparison-log.ts';
import { createComparingTrials } from '../comparing/trial.ts';
import { completionFor } from '../raters/completion-for.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';
import { accepted, answerParam, ofPage, pageId } from './labelling.ts';

const MAX_LEASES = 10;

const leaseBody = z.strictObject({ count: z.int().min(1).max(MAX_LEASES), page: pageId() });
const answerBody = z.strictObject({
  id: z.uuid(),
  query: z.string().max(200),
  alignment: z.enum(PREFERENCES),
  fidelity: z.enum(PREFERENCES),
  seconds: z.number().min(0).max(MAX_ANSWER_SECONDS).optional(),
});

export function comparingRoutes(studio: Studio) {
  const { comparisons, completions, images } = studio;
  const trials = createComparingTrials(comparisons);
  const identityOf = (c: { var: StudioEnv['Variables'] }): Identity => c.var.identity!;
  const deskOf = (identity: Identity) => (isTrial(identity) ? trials : comparisons);
  const shown = (ids: readonly string[]) =>
    ids.map((id) => {
      const { width, height } = images.current().get(id);
      return { name: images.nameOf(id), width, height };
    });
  return new Hono<StudioEnv>()
    .get('/standing', async (c) => {
      const identity = identityOf(c);
      const standing = deskOf(identity).standing(identity.rater);
      return c.json({ ...standing, ...(await completionFor(studio, { identity, standing })) });
    })
    .post('/lease', check('json', leaseBody), async (c) => {
      const identity = identityOf(c);
      const { rater, role, purpose } = identity;
      const asked = deskOf(identity).lease({ rater, ...c.req.valid('json') });
      if (role === 'rater' && !isTrial(identity) && (purpose === 'comparison' || asked.length > 0)) {
        await completions.noteAsked(rater, { hasWork: asked.length > 0 });
      }
      return c.json({
        queries: asked.map(({ query, prompt, left, right }) => ({
          id: query,
          prompt,
          left: shown(left),
          right: shown(right),
        })),
      });
    })
    .post('/release', check('json', ofPage), (c) => {
      comparisons.release({ rater: identityOf(c).rater, page: c.req.valid('json').page });
      return c.json({ released: true });
    })
    .post('/answers', check('json', answerBody), async (c) => {
      const identity = identityOf(c);
      return accepted(c, await deskOf(identity).answer({ ...c.req.valid('json'), rater: identity.rater }));
    })
    .post('/answers/:id/retract', check('param', answerParam), check('query', ofPage), async (c) => {
      const identity = identityOf(c);
      const retraction = { ...c.req.valid('param'), ...c.req.valid('query'), rater: identity.rater };
      return accepted(c, await deskOf(identity).retract(retraction));
    });
}
