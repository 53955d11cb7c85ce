/**
 * Routes for training runs: the list, and one run's metrics and samples, live by server-sent events until the run ends.
 */
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { METRIC_TITLES } from '../../metrics/metric-titles.ts';
import { readRunConfig } from '../../tune/run-config.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { plainPng } from '../pictures/plain-png.ts';
import type { Studio } from '../studio.ts';
import { followMetrics, type MetricsTail } from '../training/metrics-tail.ts';
import { readCurveSources, readSample, readSampleSteps, readTrainingRuns, type TrainingRun } from '../training/runs.ts';
import { check } from './check-body.ts';

const runParam = z.strictObject({ id: z.string().max(100) });
const sampleParam = z.strictObject({ id: z.string().max(100), step: z.coerce.number().int().min(0) });
const LOOK_EVERY_MS = 500;
/** Number of polls between keep-alive messages. Proxies close idle connections. */
const ALIVE_EVERY_LOOKS = 30;

/** An update that the page receives during a run. */
export interface TrainingNews {
  readonly isGoing: boolean;
  /** New points by curve. `isAnew` means that the curve starts again, so the page must remove the earlier points. */
  readonly curves: readonly {
    readonly name: string;
    readonly isAnew: boolean;
    readonly records: readonly Readonly<Record<string, number | string>>[];
  }[];
  /** Titles of the metrics, in display order; sent once. */
  readonly titles?: Readonly<Record<string, string>>;
  /** Training steps that have a grid of sample images; undefined when there are no new ones. */
  readonly samples?: readonly number[];
}

export function trainingRoutes({ project }: Studio) {
  /** Finds a run only among the listed runs, so that the id in a request never becomes a path. */
  const find = async (id: string): Promise<TrainingRun | undefined> =>
    (await readTrainingRuns(project)).find((run) => run.id === id);
  return new Hono<StudioEnv>()
    .get('/', async (c) => c.json({ runs: await readTrainingRuns(project) }))
    .get('/:id', check('param', runParam), async (c) => {
      const run = await find(c.req.valid('param').id);
      if (!run) return problem(c, 404, 'there is no such run');
      return c.json({ run, config: await readRunConfig(project, run.id) });
    })
    .get('/:id/samples/:step', check('param', sampleParam), async (c) => {
      const { id, step } = c.req.valid('param');
      const run = await find(id);
      const png = run && (await readSample(project, run.id, step));
      if (!png) return problem(c, 404, 'there is no such picture');
      // A restarted run draws the step again, so the response is not cached.
      return c.body(plainPng(png), 200, { 'Content-Type': 'image/png', 'Cache-Control': 'private, no-cache' });
    })
    .get('/:id/events', check('param', runParam), async (c) => {
      const run = await find(c.req.valid('param').id);
      if (!run) return problem(c, 404, 'there is no such run');
      return streamSSE(c, async (stream) => {
        const tails = new Map<string, MetricsTail>();
        let samples = '';
        for (let look = 0; !stream.aborted; look++) {
          // The state is read before the data, so that data written before the end is not missed.
          const isGoing = (await find(run.id))?.isGoing ?? false;
          const curves: TrainingNews['curves'][number][] = [];
          for (const { name, folder } of await readCurveSources(project, run.id)) {
            if (!tails.has(name)) tails.set(name, followMetrics(folder));
            const news = await tails.get(name)!.read();
            if (news.isAnew || news.records.length > 0) curves.push({ name, ...news });
          }
          const steps = await readSampleSteps(project, run.id);
          const hasNewSamples = steps.join() !== samples;
          samples = steps.join();
          if (curves.length > 0 || hasNewSamples || look === 0 || !isGoing) {
            const news: TrainingNews = {
              isGoing,
              curves,
              ...(look === 0 ? { titles: METRIC_TITLES } : {}),
              ...(hasNewSamples ? { samples: steps } : {}),
            };
            await stream.writeSSE({ data: JSON.stringify(news) });
          } else if (look % ALIVE_EVERY_LOOKS === 0) await stream.write(': alive\n\n');
          if (!isGoing) return;
          await stream.sleep(LOOK_EVERY_MS);
        }
      });
    });
}
