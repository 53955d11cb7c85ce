/** Blind comparisons: raters are asked and answer, the owner starts, ends and reads them. Only the owner sees models. */
import { Hono } from 'hono';
import { z } from 'zod';
import { isBadInput } from '../../errors.ts';
import { MAX_ANSWER_SECONDS, readRaters } from '../../feedback/index.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { type Identity, isTrial } from '../auth/sessions.ts';
import type { OpenComparison } from '../comparing/comparison-desk.ts';
import { PREFERENCES } from '../comparing/comparison-log.ts';
import { comparisonResults } from '../comparing/comparison-results.ts';
import { comparableModels } from '../comparing/pair-images.ts';
import { createComparingTrials } from '../comparing/trial.ts';
import { completionFor } from '../raters/completion-for.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';
import { accepted, pageId } from './labelling.ts';

const MAX_LEASES = 10;

const leaseBody = z.strictObject({ count: z.int().min(1).max(MAX_LEASES), page: pageId() });
const answerBody = z.strictObject({
  id: z.uuid(),
  query: z.string().max(200),
  alignment: z.enum(PREFERENCES),
  fidelity: z.enum(PREFERENCES),
  seconds: z.number().min(0).max(MAX_ANSWER_SECONDS).optional(),
});
const startBody = z.strictObject({ treated: z.string().min(1).max(200), baseline: z.string().min(1).max(200) });
const comparisonParam = z.strictObject({ id: z.string().max(100) });

/** For raters: nothing here tells which model is which. */
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
    .post('/release', check('json', z.strictObject({ page: pageId() })), (c) => {
      comparisons.release({ rater: identityOf(c).rater, page: c.req.valid('json').page });
      return c.json({ released: true });
    })
    .post('/answers', check('json', answerBody), async (c) => {
      const identity = identityOf(c);
      return accepted(c, await deskOf(identity).answer({ ...c.req.valid('json'), rater: identity.rater }));
    })
    .post('/answers/:id/retract', check('param', z.strictObject({ id: z.uuid() })), async (c) => {
      const identity = identityOf(c);
      return accepted(c, await deskOf(identity).retract({ id: c.req.valid('param').id, rater: identity.rater }));
    });
}

/** For the owner. */
export function comparisonRoutes(studio: Studio) {
  const { comparisons, images, project } = studio;
  const shown = (comparison: OpenComparison, isSetAside: (rater: string) => boolean) => {
    const { started, hasEnded } = comparison;
    return {
      id: started.id,
      startedAt: started.time,
      hasEnded,
      treated: started.treated.model,
      baseline: started.baseline.model,
      raters: started.raters,
      results: comparisonResults(comparison, { isSetAside, resamples: project.config.evaluate.resamples }),
    };
  };
  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      await studio.refresh();
      const raters = readRaters(project);
      const isSetAside = (rater: string) => raters.get(rater)?.isSetAside ?? false;
      return c.json({
        models: comparableModels(images.current()),
        comparisons: comparisons
          .all()
          .reverse()
          .map((comparison) => shown(comparison, isSetAside)),
      });
    })
    .post('/', check('json', startBody), async (c) => {
      await studio.refresh();
      try {
        const id = await comparisons.start({ ...c.req.valid('json'), images: images.current() });
        return c.json({ id });
      } catch (error) {
        if (isBadInput(error)) return problem(c, 409, error.message);
        throw error;
      }
    })
    .post('/:id/end', check('param', comparisonParam), async (c) => {
      if (await comparisons.end(c.req.valid('param').id)) return c.json({ hasEnded: true });
      return problem(c, 404, 'there is no such comparison');
    });
}
