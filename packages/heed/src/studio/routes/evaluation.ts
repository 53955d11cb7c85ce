/** Route that gives the owner the figures of the newest evaluation. */
import { Hono } from 'hono';
import { latestEvaluation } from '../../evaluate/latest-evaluation.ts';
import type { StudioEnv } from '../auth/guard.ts';
import type { Studio } from '../studio.ts';

export function evaluationRoutes({ project }: Studio) {
  return new Hono<StudioEnv>().get('/', async (c) => c.json({ evaluation: (await latestEvaluation(project)) ?? null }));
}
