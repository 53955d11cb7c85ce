/**
 * Routes for the owner's view of rounds: the models with their lineage and figures, and the most informative images to
 * label next.
 */
import { Hono } from 'hono';
import { z } from 'zod';
import { weakCategories } from '../../next/rank-images.ts';
import { unjudgedImages } from '../../next/unjudged-images.ts';
import { projectStatus } from '../../rounds/status.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { readRewardVersions } from '../rewards/reward-versions.ts';
import { modelFigures } from '../rounds/model-figures.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const nextBody = z.strictObject({ count: z.int().min(1).max(1000) });

export function roundRoutes(studio: Studio) {
  const { project, images, jobs, set } = studio;
  const read = async () => {
    await studio.refresh();
    const { models, next } = await projectStatus(project);
    const unjudged = await unjudgedImages(project, images.current(), { set });
    const withUnjudged = models.map((model) => ({
      ...model,
      unjudged: unjudged.filter(({ modelHash }) => modelHash === model.modelHash).length,
    }));
    return { models: withUnjudged, next };
  };
  /** The most recently trained reward that is in use, that is, whose name no later training has taken over. */
  const rewardInUse = async () => {
    const version = (await readRewardVersions(project)).find(({ usedAs }) => usedAs.length > 0);
    return version && { name: version.usedAs[0]!, report: version.report };
  };
  return new Hono<StudioEnv>()
    .get('/', async (c) => {
      const { models, next } = await read();
      const { columns, figures } = await modelFigures(project, models);
      const reward = await rewardInUse();
      const first = newestUnjudged(models);
      return c.json({
        models: models.map((model, i) => ({ ...model, figures: figures[i] ?? null })),
        columns,
        next,
        reward: reward?.name ?? null,
        /** Accuracy of the reward in use, by the round of the model that generated the images. */
        accuracies: reward?.report.rounds ?? [],
        labelNext: {
          /** Name of the newest model that has unjudged images. */
          model: first?.name ?? null,
          images: first?.unjudged ?? 0,
          weak: [...weakCategories(reward?.report)],
        },
        /** The newest model, if it has no images yet. */
        undrawn: models.at(-1)!.images === 0 ? models.at(-1)!.name : null,
      });
    })
    .post('/label-next', check('json', nextBody), async (c) => {
      const model = newestUnjudged((await read()).models);
      if (model === undefined) return problem(c, 409, 'every image is judged; draw more first');
      const reward = await rewardInUse();
      if (reward === undefined) return problem(c, 409, 'there is no reward to be in doubt; train one first');
      const { count } = c.req.valid('json');
      const args = [`--count=${count}`, `--name=${set}`, `--model=${model.name}`, `--reward=${reward.name}`];
      const job = await jobs.start('next', { args });
      return job ? c.json(job) : problem(c, 409, BUSY);
    })
    .post('/draw', async (c) => {
      const { models } = await read();
      const job = await jobs.start('generate', { args: [`--name=${set}`, `--model=${models.at(-1)!.name}`] });
      return job ? c.json(job) : problem(c, 409, BUSY);
    });
}

const BUSY = 'another command is running; stop it or wait for it';

/**
 * The newest model with unjudged images. Images of the newest model come first, because labels on them keep the reward
 * accurate for that model.
 */
function newestUnjudged<T extends { round: number; unjudged: number }>(models: readonly T[]): T | undefined {
  return models.findLast(({ unjudged }) => unjudged > 0);
}
