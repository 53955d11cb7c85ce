/**
 * Routes for the owner's page of one image: read its data, correct judgements, ask raters again, set the image aside,
 * delete it.
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { isBadInput } from '../../errors.ts';
import { readRaters } from '../../feedback/index.ts';
import { faultOfText } from '../../files/read-text.ts';
import { recordImageEvent } from '../../images/index.ts';
import type { ImageRecord } from '../../images/record.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import { isOwnerRater } from '../auth/sessions.ts';
import { ownJudgement, strikeOut } from '../images/correct-judgement.ts';
import { readImageDetails } from '../images/image-details.ts';
import { releaseQueries } from '../labelling/lease.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const MAX_WHY_LENGTH = 300;
const EVENTS = ['set-aside', 'deleted', 'removed', 'taken-back'] as const;

const nameParam = z.strictObject({ name: z.string().max(100) });
const why = z
  .string()
  .max(MAX_WHY_LENGTH)
  .refine((text) => faultOfText(text, { maxLength: MAX_WHY_LENGTH }) === undefined, 'expected plain text')
  .optional();
const eventBody = z.strictObject({ event: z.enum(EVENTS), why });
const judgeBody = z.strictObject({ label: z.enum(['good', 'bad']), reason: why });
const strikeBody = z.strictObject({ rater: z.string().min(1).max(200) });

export function imageDetailRoutes(studio: Studio) {
  const { project, images, desk, queue, database, owners } = studio;
  const raterOf = (c: { var: StudioEnv['Variables'] }) => c.var.identity!.rater;
  const nameOf = (rater: string) =>
    (isOwnerRater(rater) ? owners.find(rater)?.name : undefined) ?? readRaters(project).get(rater)?.name ?? rater;
  const withImage = async (c: Context, name: string, work: (image: ImageRecord) => Promise<Response>) => {
    await studio.refresh();
    const image = images.find(name);
    if (!image) return problem(c, 404, 'there is no such picture');
    try {
      return await work(image);
    } catch (error) {
      if (isBadInput(error)) return problem(c, 409, error.message);
      throw error;
    }
  };
  return new Hono<StudioEnv>()
    .get('/:name', check('param', nameParam), async (c) => {
      await studio.refresh();
      const record = images.find(c.req.valid('param').name);
      if (!record) return problem(c, 404, 'there is no such picture');
      const details = await readImageDetails(project, { images: images.current(), record, nameOf });
      const { file: _, ...recipe } = record;
      return c.json({
        ...details,
        record: recipe,
        name: images.nameOf(record.id),
        isAskable: record.set === studio.set,
        neighbours: details.neighbours.map(({ image, good, bad }) => ({
          name: images.nameOf(image.id),
          model: image.model,
          seed: image.seed,
          set: image.set,
          good,
          bad,
        })),
      });
    })
    .post('/:name/events', check('param', nameParam), check('json', eventBody), async (c) =>
      withImage(c, c.req.valid('param').name, async ({ id, file }) => {
        const given = c.req.valid('json');
        await recordImageEvent(project.paths.images, { ...given, image: id, file, by: raterOf(c) });
        await studio.refreshImages({ takenBack: given.event === 'taken-back' ? id : undefined });
        return c.json({ changed: true });
      }),
    )
    .post('/:name/judge', check('param', nameParam), check('json', judgeBody), async (c) =>
      withImage(c, c.req.valid('param').name, async (image) => {
        await desk.takeIn(ownJudgement(image, { ...c.req.valid('json'), rater: raterOf(c) }));
        return c.json({ changed: true });
      }),
    )
    .post('/:name/strike-out', check('param', nameParam), check('json', strikeBody), async (c) =>
      withImage(c, c.req.valid('param').name, async (image) => {
        const { rater } = c.req.valid('json');
        const count = await desk.takeIn(strikeOut(image, { rater, by: nameOf(raterOf(c)) }));
        return count > 0 ? c.json({ changed: true }) : problem(c, 409, 'there is nothing of that rater to strike out');
      }),
    )
    .post('/:name/ask-again', check('param', nameParam), async (c) =>
      withImage(c, c.req.valid('param').name, async ({ id }) => {
        const { withoutQuery } = await queue.add([id]);
        if (withoutQuery > 0) return problem(c, 409, 'this picture is in no query of the set that is judged');
        await releaseQueries(database.db, { rater: raterOf(c) });
        return c.json({ changed: true });
      }),
    );
}
