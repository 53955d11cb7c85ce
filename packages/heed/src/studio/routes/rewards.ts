/**
 * The owner's view of rewards: the accuracy of every version, one version's calibration, images worth a second look,
 * and the queue of queries that raters are asked first.
 */
import { join } from 'node:path';
import { Hono } from 'hono';
import { z } from 'zod';
import { readPredictions } from '../../reward/predictions.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { releaseQueries } from '../labelling/lease.ts';
import { calibrate } from '../rewards/calibration.ts';
import { readRewardVersions } from '../rewards/reward-versions.ts';
import { findSecondLooks, type SecondLook } from '../rewards/second-looks.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const LOOKS = 24;
const runParam = z.strictObject({ run: z.string().max(100) });
const queueBody = z.strictObject({ pictures: z.array(z.string().max(100)).min(1).max(500) });

export function rewardRoutes(studio: Studio) {
  const { project, images } = studio;
  const shown = ({ image, prediction }: SecondLook) => ({
    name: images.nameOf(image.id),
    prompt: image.prompt,
    category: image.category,
    seen: !image.holdout,
    part: prediction.part,
    reward: prediction.reward,
    clip: prediction.clip,
    judgements: prediction.judgements,
    ...(prediction.label === undefined ? {} : { label: prediction.label }),
    isAskable: image.set === studio.set,
  });
  return new Hono<StudioEnv>()
    .get('/', async (c) => c.json({ versions: await readRewardVersions(project) }))
    .get('/:run', check('param', runParam), async (c) => {
      const { run } = c.req.valid('param');
      // Only listed runs are accepted, so that user input never becomes a path.
      const version = (await readRewardVersions(project)).find((each) => each.run === run);
      if (version === undefined) return problem(c, 404, 'there is no such reward');
      const predictions = await readPredictions(join(project.paths.runs, version.run));
      if (predictions === undefined) return c.json({ version, details: null });
      await studio.refresh();
      const { wrong, unsure } = findSecondLooks(predictions, { images: images.current(), count: LOOKS });
      const heldOut = predictions.flatMap(({ part, reward, label }) =>
        part === 'test' && label !== undefined ? [{ reward, label }] : [],
      );
      return c.json({
        version,
        details: {
          calibration: calibrate(heldOut),
          wrong: { heldOut: wrong.heldOut.map(shown), all: wrong.all.map(shown) },
          unsure: { unjudged: unsure.unjudged.map(shown), all: unsure.all.map(shown) },
        },
      });
    });
}

/** Routes for the queue of queries that raters are asked before all others. */
export function queueRoutes(studio: Studio) {
  const { queue, images, database } = studio;
  const standing = async (rater: string) => {
    const waiting = await queue.waiting();
    return {
      queries: waiting.length,
      /** Number of queued queries that the requesting owner can judge. */
      forYou: (await queue.waiting({ rater })).length,
      pictures: waiting.flatMap((query) => query.images.map((image) => images.nameOf(image))),
    };
  };
  return new Hono<StudioEnv>()
    .get('/', async (c) => c.json(await standing(c.var.identity!.rater)))
    .post('/', check('json', queueBody), async (c) => {
      const { pictures } = c.req.valid('json');
      const ids = pictures.map((name) => images.find(name)?.id);
      if (ids.includes(undefined)) return problem(c, 404, 'there is no such picture');
      const { withoutQuery } = await queue.add(ids as string[]);
      // Queries that the owner's page already holds would come first, so they are released.
      await releaseQueries(database.db, { rater: c.var.identity!.rater });
      return c.json({ ...(await standing(c.var.identity!.rater)), withoutQuery });
    })
    .post('/clear', async (c) => {
      await queue.clear();
      return c.json(await standing(c.var.identity!.rater));
    });
}
