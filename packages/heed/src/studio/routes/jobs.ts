/** Routes that start and stop commands, and that report a command's progress live by server-sent events. */
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { badInput, isForUser } from '../../errors.ts';
import { openProject } from '../../project/project.ts';
import { openProjectOfRun } from '../../project/run.ts';
import { checkTuneStart } from '../../tune/run.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { hasEnded, JOB_KINDS, type Job, type JobKind, type StartableKind } from '../jobs/job.ts';
import { nameOfRun } from '../jobs/run-names.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const startable = Object.keys(JOB_KINDS).filter((kind) => kind !== 'try') as [StartableKind, ...StartableKind[]];

const jobBody = z.strictObject({
  kind: z.enum(startable),
  /** Settings for this run alone, such as 'tune.beta=0.5'. */
  settings: z.array(z.string().max(500)).max(50).default([]),
  /** Name of the run, for commands that take a name; by default, a name that no run has yet. */
  name: z.string().max(100).optional(),
  /** Whether to continue the run named `name`, with the original settings of that run. */
  continues: z.boolean().default(false),
});
const jobParam = z.strictObject({ id: z.string().max(100) });
/** Interval of keep-alive messages. Proxies close idle connections. */
const ALIVE_EVERY_MS = 15_000;

export function jobRoutes({ jobs, project, overrides }: Studio) {
  return new Hono<StudioEnv>()
    .get('/', async (c) => c.json({ jobs: await jobs.all(), workers: await jobs.workers() }))
    .post('/', check('json', jobBody), async (c) => {
      const { kind, settings, name: given, continues } = c.req.valid('json');
      let name: string | undefined;
      try {
        const run = continues ? runToContinue(kind, given) : undefined;
        const asked = await (run === undefined
          ? openProject(project.folder, { overrides: [...overrides, ...settings] })
          : openProjectOfRun(project.folder, run, { overrides: settings }));
        name = run ?? (await nameOfRun(asked, kind, given));
        if (kind === 'tune') await checkTuneStart(asked, name!);
      } catch (error) {
        if (isForUser(error)) return problem(c, 400, error.message);
        throw error;
      }
      const job = await jobs.start(kind, { settings, continues, ...(name === undefined ? {} : { name }) });
      return job ? c.json(job) : problem(c, 409, 'another command is running; stop it or wait for it');
    })
    .post('/:id/stop', check('param', jobParam), async (c) => {
      if (await jobs.stop(c.req.valid('param').id)) return c.json({ stopping: true });
      return problem(c, 404, 'this command is not running');
    })
    .get('/:id/log', check('param', jobParam), async (c) => {
      const { id } = c.req.valid('param');
      if (!(await jobs.get(id))) return problem(c, 404, 'there is no such command');
      return c.json({ lines: await jobs.log(id) });
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
          // The watch starts before the first read, so that no state is missed.
          const unwatch = jobs.watch(id, show);
          stream.onAbort(end);
          jobs.get(id).then((now) => (now ? show(now) : end()), end);
        });
      });
    });
}

function runToContinue(kind: JobKind, name: string | undefined): string {
  if (kind === 'tune' && name !== undefined) return name;
  throw badInput('expected the name of a tuning run to go on with; the runs of other commands begin anew');
}
