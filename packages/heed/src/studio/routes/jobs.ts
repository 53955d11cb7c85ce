/** Starting and stopping commands, and watching them live by server-sent events. */
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { isForUser } from '../../errors.ts';
import { openProject } from '../../project/project.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { hasEnded, JOB_KINDS, type Job, type JobKind } from '../jobs/job.ts';
import { nameOfRun } from '../jobs/run-names.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const jobBody = z.strictObject({
  kind: z.enum(Object.keys(JOB_KINDS) as [JobKind, ...JobKind[]]),
  /** Of this run alone: 'tune.beta=0.5'. */
  settings: z.array(z.string().max(500)).max(50).default([]),
  /** Of the run, for commands that take one; a free one where none is given. */
  name: z.string().max(100).optional(),
});
const jobParam = z.strictObject({ id: z.string().max(100) });
/** Proxies cut connections that say nothing. */
const ALIVE_EVERY_MS = 15_000;

export function jobRoutes({ jobs, project, overrides }: Studio) {
  return new Hono<StudioEnv>()
    .get('/', async (c) => c.json({ jobs: await jobs.all(), workers: await jobs.workers() }))
    .post('/', check('json', jobBody), async (c) => {
      const { kind, settings, name: given } = c.req.valid('json');
      let name: string | undefined;
      try {
        await openProject(project.folder, { overrides: [...overrides, ...settings] });
        name = await nameOfRun(project, kind, given);
      } catch (error) {
        if (isForUser(error)) return problem(c, 400, error.message);
        throw error;
      }
      const job = await jobs.start(kind, { settings, ...(name === undefined ? {} : { name }) });
      return job ? c.json(job) : problem(c, 409, 'another command is running; stop it or wait for it');
    })
    .post('/:id/stop', check('param', jobParam), async (c) => {
      if (await jobs.stop(c.req.valid('param').id)) return c.json({ stopping: true });
      return problem(c, 404, 'this command is not running');
    })
    .get('/:id/events', check('param', jobParam), async (c) => {
      const { id } = c.req.valid('param');
      if (!(await jobs.get(id))) return problem(c, 404, 'there is no such command');
      return streamSSE(c, async (stream) => {
        const send = (now: Job) => stream.writeSSE({ data: JSON.stringify(now) });
        await new Promise<void>((resolve) => {
          const alive = setInterval(() => void stream.write(': alive\n\n'), ALIVE_EVERY_MS);
          const end = () => {
            clearInterval(alive);
            unwatch();
            resolve();
          };
          const show = (now: Job) =>
            void send(now).then(() => {
              if (hasEnded(now)) end();
            });
          // Watched before it is read: no state falls between.
          const unwatch = jobs.watch(id, show);
          stream.onAbort(end);
          jobs.get(id).then((now) => (now ? show(now) : end()), end);
        });
      });
    });
}
