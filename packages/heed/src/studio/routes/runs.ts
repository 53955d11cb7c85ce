/** The owner's run management: list, compare, rename, archive, delete, and download models. */
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { isBadInput } from '../../errors.ts';
import { METRIC_TITLES } from '../../metrics/metric-titles.ts';
import { readMetrics } from '../../metrics/metrics-log.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { deleteRun, renameRun } from '../runs/change-run.ts';
import { listRuns, type ProjectRun } from '../runs/list-runs.ts';
import { compareSettings, describeLearning } from '../runs/made-with.ts';
import { createModelDownloads, MODEL_DOWNLOADS } from '../runs/model-download.ts';
import { appendRunEvent } from '../runs/run-events.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const MAX_COMPARED = 8;
/** The largest number of points of a curve; a chart is too narrow to show more points. */
const MAX_POINTS = 600;

const runParam = z.strictObject({ id: z.string().max(100) });
const compareQuery = z.strictObject({
  run: z
    .union([z.string().max(100), z.array(z.string().max(100)).max(MAX_COMPARED)])
    .transform((runs) => (Array.isArray(runs) ? runs : [runs])),
});
const modelParam = z.strictObject({ id: z.string().max(100), form: z.enum(MODEL_DOWNLOADS) });

export function runRoutes({ project }: Studio) {
  /** Finds a run only among the listed runs, so that the id in a request never becomes a path. */
  const find = async (id: string) => (await listRuns(project)).find((run) => run.id === id);
  const change = async (c: Context, id: string, work: (run: ProjectRun) => Promise<void>) => {
    const run = await find(id);
    if (!run) return problem(c, 404, 'there is no such run');
    try {
      await work(run);
      return c.json({ changed: true });
    } catch (error) {
      if (isBadInput(error)) return problem(c, 409, error.message);
      throw error;
    }
  };
  const downloads = createModelDownloads(project);
  return new Hono<StudioEnv>()
    .get('/', async (c) => c.json({ runs: (await listRuns(project)).map(({ config: _, ...run }) => run) }))
    .get('/compare', check('query', compareQuery), async (c) => {
      const all = await listRuns(project);
      const runs = c.req.valid('query').run.flatMap((id) => all.find((run) => run.id === id) ?? []);
      const described = runs.map(async (run) => ({
        id: run.id,
        command: run.command,
        startedAt: run.startedAt,
        learned: await describeLearning(project, run),
        records: thin(await readMetrics(join(project.paths.runs, run.id))),
      }));
      return c.json({
        runs: await Promise.all(described),
        settings: compareSettings(runs),
        titles: METRIC_TITLES as Readonly<Record<string, string>>,
      });
    })
    .post('/:id/model/:form', check('param', modelParam), async (c) => {
      const { id, form } = c.req.valid('param');
      const run = await find(id);
      if (!run?.hasModel) return problem(c, 404, 'there is no such model');
      try {
        return c.json({ token: await downloads.prepare(run.id, form) });
      } catch (error) {
        if (isBadInput(error)) return problem(c, 409, error.message);
        throw error;
      }
    })
    .get('/downloads/:token', check('param', z.strictObject({ token: z.string().max(100) })), async (c) => {
      const opened = await downloads.open(c.req.valid('param').token);
      if (!opened) return problem(c, 404, 'there is no such download, or it was fetched already');
      return c.body(opened.body, 200, {
        'Content-Type': 'application/octet-stream',
        'Content-Length': String(opened.bytes),
        'Content-Disposition': `attachment; filename="${opened.fileName}"`,
      });
    })
    .post('/:id/rename', check('param', runParam), check('json', z.strictObject({ to: z.string().max(100) })), (c) =>
      change(c, c.req.valid('param').id, (run) => renameRun(project, run, c.req.valid('json').to)),
    )
    .post('/:id/archive', check('param', runParam), (c) =>
      change(c, c.req.valid('param').id, ({ id }) => appendRunEvent(project, { run: id, event: 'archived' })),
    )
    .post('/:id/restore', check('param', runParam), (c) =>
      change(c, c.req.valid('param').id, ({ id }) => appendRunEvent(project, { run: id, event: 'restored' })),
    )
    .post('/:id/delete', check('param', runParam), (c) =>
      change(c, c.req.valid('param').id, (run) => deleteRun(project, run)),
    );
}

function thin<T>(records: readonly T[]): T[] {
  const every = Math.ceil(records.length / MAX_POINTS);
  return records.filter((_, i) => i % every === 0 || i === records.length - 1);
}
