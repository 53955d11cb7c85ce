/**
 * Routes for labelling: the next queries, answers, and retractions. An answer is always stored as the answer of the
 * session's rater.
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { MAX_ANSWER_SECONDS } from '../../feedback/index.ts';
import { askedOf } from '../../feedback/label-kind.ts';
import { type ProblemCode, problem, type StudioEnv } from '../auth/guard.ts';
import { type Identity, isOwnerRater, isTrial } from '../auth/sessions.ts';
import type { Acceptance } from '../labelling/answer.ts';
import { noteShown, releaseQueries } from '../labelling/lease.ts';
import { createLeaseDesk } from '../labelling/lease-desk.ts';
import { termsOf } from '../labelling/terms.ts';
import { createTrials } from '../labelling/trial.ts';
import { completionFor } from '../raters/completion-for.ts';
import { MAX_LEASED } from '../storage/lease-functions.ts';
import type { Studio } from '../studio.ts';
import { check } from './check-body.ts';

const MAX_REASON_LENGTH = 500;

const queryId = z.string().min(1).max(200);
/** Id of a rater's browser tab, chosen by the tab. */
export const pageId = () => z.string().max(64).optional();
const leaseBody = z.strictObject({ count: z.int().min(1).max(MAX_LEASED), page: pageId() });
/** Request body with the id of the browser tab that sends the request. */
export const ofPage = z.strictObject({ page: pageId() });
export const answerParam = z.strictObject({ id: z.uuid() });
const answerBody = z.strictObject({
  id: z.uuid(),
  query: queryId,
  /** One label for each image of the query, in order; null skips the query. */
  labels: z
    .array(z.enum(['good', 'bad']))
    .max(100)
    .nullable(),
  reason: z.string().max(MAX_REASON_LENGTH).optional(),
  seconds: z.number().min(0).max(MAX_ANSWER_SECONDS).optional(),
});

const STATUS = { unknown: 404, conflict: 409 } as const;
const CODE = { unknown: 'gone', conflict: 'answered' } as const satisfies Record<keyof typeof STATUS, ProblemCode>;

/** The response to an answer, for all routes that take answers. */
export function accepted(c: Context, acceptance: Acceptance) {
  if ('reason' in acceptance) {
    return problem(c, STATUS[acceptance.state], acceptance.reason, CODE[acceptance.state]);
  }
  return c.json(acceptance);
}

export function labellingRoutes(studio: Studio) {
  const { database, desk, images, queue, completions, comparisons, standingOf } = studio;
  const { asksPreferences } = askedOf(studio.project.config.label);
  const practiceQueries = asksPreferences ? 0 : studio.project.config.label.practiceQueries;
  const lease = createLeaseDesk(database);
  const trials = createTrials(database.db, { practiceQueries });
  const identityOf = (c: { var: StudioEnv['Variables'] }): Identity => c.var.identity!;
  const compares = ({ rater, purpose }: Identity) => !isOwnerRater(rater) && purpose === 'both';
  return new Hono<StudioEnv>()
    .get('/standing', async (c) => {
      const identity = identityOf(c);
      const { rater } = identity;
      const standing = await (isTrial(identity) ? trials.standing(rater) : standingOf(termsOf(studio, rater)));
      return c.json({
        ...standing,
        ...(compares(identity) ? { openComparisons: comparisons.standing(rater).open } : {}),
        ...(await completionFor(studio, { identity, standing })),
      });
    })
    .post('/lease', check('json', leaseBody), async (c) => {
      await studio.refresh();
      const { count, page } = c.req.valid('json');
      const identity = identityOf(c);
      const { rater } = identity;
      // An answer counts against the rater's limit once it is written, which takes a flush of the log.
      await desk.settled(rater);
      const asked = isTrial(identity)
        ? await trials.lease({ rater, count })
        : await lease({
            ...termsOf(studio, rater),
            page,
            count,
            first: await queue.waiting({ rater, limit: count }),
          });
      if (!isOwnerRater(rater) && !isTrial(identity)) {
        const hasOther = compares(identity) && comparisons.standing(rater).open > 0;
        await completions.noteAsked(rater, { hasWork: asked.length > 0 || hasOther });
      }
      return c.json({
        queries: asked.map(({ id, prompt, purpose, images: ids }) => ({
          id,
          prompt,
          /** Whether this is a practice query; other purposes are not revealed. */
          isPractice: purpose === 'practice',
          /** Whether the page asks for the best image instead of a label for each image. */
          ...(asksPreferences && purpose !== 'practice' ? { asksBest: true } : {}),
          images: ids.map((image) => {
            const { width, height } = images.current().get(image);
            return { name: images.nameOf(image), width, height };
          }),
        })),
      });
    })
    .post('/shown', check('json', z.strictObject({ query: queryId })), async (c) => {
      await noteShown(database.db, { query: c.req.valid('json').query, rater: identityOf(c).rater });
      return c.json({ noted: true });
    })
    .post('/release', check('json', ofPage), async (c) => {
      await releaseQueries(database.db, { rater: identityOf(c).rater, page: c.req.valid('json').page });
      return c.json({ released: true });
    })
    .post('/answers', check('json', answerBody), async (c) => {
      const { labels, ...rest } = c.req.valid('json');
      const identity = identityOf(c);
      const answer = { ...rest, labels: labels ?? undefined, rater: identity.rater };
      return accepted(c, await (isTrial(identity) ? trials : desk).answer(answer));
    })
    .post('/answers/:id/retract', check('param', answerParam), check('query', ofPage), async (c) => {
      const identity = identityOf(c);
      const retraction = { ...c.req.valid('param'), ...c.req.valid('query'), rater: identity.rater };
      return accepted(c, await (isTrial(identity) ? trials : desk).retract(retraction));
    });
}
