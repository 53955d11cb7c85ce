/** Trying models: several of them draw a prompt in a separate process, and the images can be used further. */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { z } from 'zod';
import { isForUser } from '../../errors.ts';
import { faultOfLine } from '../../files/read-text.ts';
import { IMPORTED, TRY_SET } from '../../images/index.ts';
import { modelNames } from '../../project/models.ts';
import { addEvaluationPrompt } from '../../prompts/index.ts';
import { checkReward } from '../../reward/scorer.ts';
import { readTries } from '../../try/try-log.ts';
import { problem, type StudioEnv } from '../auth/guard.ts';
import type { Job } from '../jobs/job.ts';
import { namesIn } from '../runs/list-runs.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const MAX_PROMPT_LENGTH = 500;
const TRIES_SHOWN = 30;

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
  /** Of the first model; 0 leaves the reward's choice out. */
  bestOf: z.int().min(0).max(64),
});
const tryParam = z.strictObject({ id: z.string().max(100) });
const compareBody = z.strictObject({ treated: z.string().max(200), baseline: z.string().max(200) });
const pictureBody = z.strictObject({ picture: z.string().max(100) });

export function tryRoutes(studio: Studio) {
  const { project, jobs, images, comparisons } = studio;
  const hasReward = async () => (await namesIn(project.paths.models)).includes('reward-default');
  const known = (id: string) => images.current().has(id) && images.current().stands(id);
  /** The picture and what the reward said of it; absent where it was set aside since. */
  const shown = (ids: readonly string[]) => ids.map((id) => (known(id) ? images.nameOf(id) : null));
  const waiting = ({ id, name, state, progress, error, notes, args = [] }: Job) => ({
    job: id,
    id: name ?? id,
    prompt: args.find((arg) => arg.startsWith('--prompt='))?.slice('--prompt='.length) ?? '',
    state,
    ...(progress === undefined ? {} : { progress }),
    ...(notes.length === 0 ? {} : { note: notes.at(-1)! }),
    ...(error === undefined ? {} : { error }),
  });
  return (
    new Hono<StudioEnv>()
      .get('/', async (c) => {
        await studio.refresh();
        const tries = readTries(project).slice(-TRIES_SHOWN).reverse();
        const done = new Set(tries.map(({ id }) => id));
        const all = await jobs.all();
        const other = all.find(({ kind, state }) => kind !== 'try' && state === 'running');
        return c.json({
          models: await modelNames(project),
          hasReward: await hasReward(),
          /** What drawing must wait for. */
          waitsFor: other === undefined ? null : other.kind,
          open: all.filter(({ kind, name }) => kind === 'try' && !done.has(name ?? '')).map(waiting),
          tries: tries.map(({ drawn, best, ...record }) => ({
            ...record,
            drawn: drawn.map(({ model, images: ids }) => ({ model, pictures: shown(ids.slice(0, record.count)) })),
            ...(best === undefined ? {} : { best: chosen(drawn[0]!.images, best.scores) }),
          })),
        });
      })
      .post('/', check('json', tryBody), async (c) => {
        const { prompt: text, models, count, bestOf } = c.req.valid('json');
        const names = await modelNames(project);
        const unknown = models.find((model) => !names.includes(model));
        if (unknown !== undefined) return problem(c, 404, 'there is no such model');
        try {
          if (bestOf > 0) await checkReward(project, 'default');
        } catch (error) {
          if (isForUser(error)) return problem(c, 409, error.message);
          throw error;
        }
        const args = [
          // With '=', so that a prompt that begins with a dash is no option.
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
          if (isForUser(error)) return problem(c, 409, error.message);
          throw error;
        }
      })
      /** Raters compare the pictures of this try alone. */
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
          if (isForUser(error)) return problem(c, 409, error.message);
          throw error;
        }
      })
      /** The picture joins the set that is judged, and is asked first; while a command draws, when that has ended. */
      .post('/label', check('json', pictureBody), async (c) => {
        const image = images.find(c.req.valid('json').picture);
        if (!image || image.sampler === IMPORTED) return problem(c, 404, 'there is no such picture');
        const { waitsFor } = await studio.judgeLater.add(image.id);
        return c.json({ queued: true, ...(waitsFor === undefined ? {} : { waitsFor }) });
      })
  );

  function chosen(ids: readonly string[], scores: readonly number[]) {
    const best = scores.reduce((top, score, i) => (score > scores[top]! ? i : top), 0);
    const [random = null, picture = null] = shown([ids[0]!, ids[best]!]);
    return {
      of: scores.length,
      best: { picture, reward: scores[best]! },
      /** The first one: chance chose its noise. */
      random: { picture: random, reward: scores[0]! },
    };
  }
}
