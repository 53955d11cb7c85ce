/** Blind comparisons: raters are asked and answer, the owner starts, ends and reads them. Only the owner sees models. */
import { Hono } from 'hono';
import { z } from 'zod';
import { isBadInput } from '../../errors.ts';
import { MAX_ANSWER_SECONDS, readRaters } from '../../feedback/index.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import type { OpenComparison } from '../comparing/comparison-desk.ts';
import { PREFERENCES } from '../comparing/comparison-log.ts';
import { comparisonResults } from '../comparing/comparison-results.ts';
import { comparableModels } from '../comparing/pair-images.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const MAX_LEASES = 10;

const leaseBody = z.strictObject({ count: z.int().min(1).max(MAX_LEASES) });
const answerBody = z.strictObject({
  id: z.uuid(),
  query: z.string().max(200),
  alignment: z.enum(PREFERENCES),
  fidelity: z.enum(PREFERENCES),
  seconds: z.number().min(0).max(MAX_ANSWER_SECONDS).optional(),
});
const startBody = z.strictObject({ treated: z.string().min(1).max(200), baseline: z.string().min(1).max(200) });
const comparisonParam = z.strictObject({ id: z.string().max(100) });
const STATUS = { unknown: 404, conflict: 409 } as const;

/** For raters: nothing here tells which model is which. */
export function comparingRoutes(studio: Studio) {
  const { comparisons, images } = studio;
  const raterOf = (c: { var: StudioEnv['Variables'] }) => c.var.identity!.rater;
  const shown = (ids: readonly string[]) =>
    ids.map((id) => {
      const { width, height } = images.current().get(id);
      return { name: images.nameOf(id), width, height };
    });
  return new Hono<StudioEnv>()
    .get('/standing', (c) => c.json(comparisons.standing(raterOf(c))))
    .post('/lease', check('json', leaseBody), (c) => {
      const asked = comparisons.lease({ rater: raterOf(c), count: c.req.valid('json').count });
      return c.json({
        queries: asked.map(({ query, prompt, left, right }) => ({
          id: query,
          prompt,
          left: shown(left),
          right: shown(right),
        })),
      });
    })
    .post('/answers', check('json', answerBody), async (c) => {
      const acceptance = await comparisons.answer({ ...c.req.valid('json'), rater: raterOf(c) });
      if ('reason' in acceptance) return problem(c, STATUS[acceptance.state], acceptance.reason);
      return c.json(acceptance);
    })
    .post('/answers/:id/retract', check('param', z.strictObject({ id: z.uuid() })), async (c) => {
      const acceptance = await comparisons.retract({ id: c.req.valid('param').id, rater: raterOf(c) });
      if ('reason' in acceptance) return problem(c, STATUS[acceptance.state], acceptance.reason);
      return c.json(acceptance);
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
