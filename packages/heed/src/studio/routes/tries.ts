/**
 * Routes for trying models: several models generate a prompt in a separate process. The drawn images can then be
 * labelled or compared.
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { isForUser } from '../../errors.ts';
import { faultOfLine } from '../../files/read-text.ts';
import { IMPORTED, TRY_SET } from '../../images/index.ts';
import { modelNames } from '../../project/models.ts';
import { addEvaluationPrompt } from '../../prompts/index.ts';
import { checkReward } from '../../reward/scorer.ts';
import { readTries } from '../../try/try-log.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';
import { listTries } from './try-list.ts';

const MAX_PROMPT_LENGTH = 500;

const prompt = z
  .string()
  .trim()
  .min(1, 'expected a prompt')
  .superRefine((text, context) => {
    const message = faultOfLine(text, { maxLength: MAX_PROMPT_LENGTH });
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
const tryBody = z.strictObject({
  prompt,
  models: z.array(z.string().max(100)).min(1).max(4),
  count: z.int().min(1).max(8),
  /** Number of images by the first model from which the reward chooses the best one; 0 means no such choice. */
  bestOf: z.int().min(0).max(64),
});
const tryParam = z.strictObject({ id: z.string().max(100) });
const compareBody = z.strictObject({ treated: z.string().max(200), baseline: z.string().max(200) });
const pictureBody = z.strictObject({ picture: z.string().max(100) });

export function tryRoutes(studio: Studio) {
  const { project, jobs, images, comparisons } = studio;
  return (
    new Hono<StudioEnv>()
      .get('/', async (c) => {
        await studio.refresh();
        return c.json(await listTries(studio));
      })
      .post('/', check('json', tryBody), async (c) => {
        const { prompt: text, models, count, bestOf } = c.req.valid('json');
        const names = await modelNames(project);
        const unknown = models.find((model) => !names.includes(model));
        if (unknown !== undefined) return problem(c, 404, 'there is no such model');
        try {
          if (bestOf > 0) await checkReward(project, 'default');
        } catch (error) {
          return conflict(c, error);
        }
        const args = [
          // The '=' keeps a prompt that begins with a dash from being read as an option.
          `--prompt=${text}`,
          ...models.map((model) => `--model=${model}`),
          `--count=${count}`,
          `--best-of=${bestOf}`,
        ];
        const job = await jobs.start('try', { name: randomUUID(), args });
        return job ? c.json({ job: job.id }) : problem(c, 409, 'too many drawings wait already; cancel some');
      })
      .post('/evaluation-prompts', check('json', z.strictObject({ prompt })), async (c) => {
        try {
          return c.json({ added: await addEvaluationPrompt(project, c.req.valid('json').prompt) });
        } catch (error) {
          return conflict(c, error);
        }
      })
      /** Starts a blind comparison of two models with the pictures of this try. */
      .post('/:id/compare', check('param', tryParam), check('json', compareBody), async (c) => {
        await studio.refresh();
        const record = readTries(project).find(({ id }) => id === c.req.valid('param').id);
        if (!record) return problem(c, 404, 'there is no such try');
        const ids = new Set(record.drawn.flatMap(({ images: drawn }) => drawn.slice(0, record.count)));
        const store = images.current();
        const pictures = store.all({ set: TRY_SET }).filter(({ id }) => ids.has(id));
        try {
          const { treated, baseline } = c.req.valid('json');
          const id = await comparisons.start({
            models: [treated, baseline],
            images: { ...store, all: () => pictures },
          });
          return c.json({ id });
        } catch (error) {
          return conflict(c, error);
        }
      })
      /**
       * Adds the picture to the image set that raters judge, and puts the picture first in the queue. While a command
       * generates images, the picture is added only after the command has ended.
       */
      .post('/label', check('json', pictureBody), async (c) => {
        const image = images.find(c.req.valid('json').picture);
        if (!image || image.sampler === IMPORTED) return problem(c, 404, 'there is no such picture');
        const { waitsFor } = await studio.judgeLater.add(image.id);
        return c.json({ queued: true, ...(waitsFor === undefined ? {} : { waitsFor }) });
      })
  );
}

/** Responds to an error that is meant for the user with status 409 and its message; rethrows other errors. */
function conflict(c: Context, error: unknown) {
  if (isForUser(error)) return problem(c, 409, error.message);
  throw error;
}
