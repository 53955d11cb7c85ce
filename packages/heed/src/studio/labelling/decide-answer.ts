/** What an answer, or taking one back, comes to: the rows, and the events for the log. */
import { and, eq, isNull } from 'drizzle-orm';
import { type FeedbackEvent, type Label, type Purpose, RETRACTED, revisedEventId } from '../../feedback/index.ts';
import type { ImageStore } from '../../images/store.ts';
import { recount } from '../storage/catch-up.ts';
import type { Database } from '../storage/database.ts';
import { answers } from '../storage/schema.ts';
import { type Answer, type Decision, type DecisionContext, type Retraction, refusal } from './answer.ts';
import { type FoundQuery, findAskedQuery } from './asked-query.ts';
import { holdQuery, releaseQueries } from './lease.ts';
import { practiceFeedback } from './practice.ts';

type AnswerRow = typeof answers.$inferSelect;

export async function decideAnswer(answer: Answer, context: DecisionContext): Promise<Decision> {
  const { db, images, plan, time } = context;
  const { id, query: asked, rater, labels } = answer;
  const found = await findAskedQuery(db, { asked, rater, plan });
  if (!found) return refusal('unknown', 'there is no such query');
  const { query, purpose, repeatOf = null } = found;
  if (labels && labels.length !== query.images.length) {
    return refusal('conflict', `expected ${query.images.length} labels, got ${labels.length}`);
  }
  const given = Object.fromEntries(query.images.map((image, i) => [image, labels?.[i] ?? ('skip' as Label)]));
  const earlier = await answersTo(db, { query: asked, rater });
  const same = earlier.find((row) => row.id === id);
  if (same?.retractedAt) return { acceptance: { state: 'retracted' }, events: [] };
  if (!same && (await isTaken(db, id))) return refusal('conflict', 'the id of this answer is taken');
  const standing = same ?? earlier.find((row) => row.retractedAt === null);
  if (standing) {
    const agrees = same !== undefined || query.images.every((image) => standing.labels[image] === given[image]);
    return agrees ? known(db, standing, query.images) : refusal('conflict', 'this query is answered');
  }
  const tooFast = isTooFast(answer, found, context.minAnswerMs);
  const row = {
    id,
    query: asked,
    rater,
    isHuman: true,
    isSkipped: labels === undefined,
    labels: given,
    reason: answer.reason ?? null,
    seconds: answer.seconds ?? null,
    purpose,
    repeatOf,
    tooFast,
    answeredAt: time,
    retractedAt: null,
  };
  await db.insert(answers).values(row);
  await recount(db, [asked]);
  await releaseQueries(db, { rater, query: asked });
  const { acceptance } = await known(db, row, query.images);
  return {
    acceptance: { ...acceptance, state: 'accepted' } as Decision['acceptance'],
    events: eventsOf(given, { row, earlierEvents: eventsInLog(earlier), images, time }),
  };
}

export async function decideRetraction(
  { id, rater }: Retraction,
  { db, images, time }: DecisionContext,
): Promise<Decision> {
  const [row] = await db
    .select()
    .from(answers)
    .where(and(eq(answers.id, id), eq(answers.rater, rater)));
  if (!row) return refusal('unknown', 'there is no such answer');
  const { query, purpose, repeatOf } = row;
  if (row.retractedAt) return { acceptance: { state: 'retracted' }, events: [] };
  const earlier = await answersTo(db, { query, rater });
  await db
    .update(answers)
    .set({ retractedAt: time })
    .where(and(eq(answers.id, id), isNull(answers.retractedAt)));
  await recount(db, [query]);
  await holdQuery(db, { query, rater, purpose, repeatOf });
  const labels = Object.fromEntries(Object.keys(row.labels).map((image) => [image, RETRACTED] as const));
  const taken = { ...row, reason: null, seconds: null, tooFast: false };
  return {
    acceptance: { state: 'retracted' },
    events: eventsOf(labels, { row: taken, earlierEvents: eventsInLog(earlier), images, time }),
  };
}

/** What is said of an answer that stands, however often it is sent. */
async function known(
  db: Database,
  { purpose, labels, tooFast }: Pick<AnswerRow, 'purpose' | 'labels' | 'tooFast'>,
  images: readonly string[],
): Promise<Decision> {
  const practice = purpose === 'practice' ? await practiceFeedback(db, { images, labels }) : undefined;
  return {
    acceptance: { state: 'known', ...(tooFast ? { tooFast } : {}), ...(practice === undefined ? {} : { practice }) },
    events: [],
  };
}

/** Skipping takes no look at every image. The page's own time counts where it is the shorter one. */
function isTooFast({ labels, seconds }: Answer, { elapsedMs }: FoundQuery, minAnswerMs: number): boolean {
  if (labels === undefined) return false;
  const times = [elapsedMs, seconds === undefined ? undefined : 1000 * seconds];
  return times.some((ms) => ms !== undefined && ms < minAnswerMs);
}

function eventsOf(
  labels: Readonly<Record<string, FeedbackEvent['label']>>,
  options: {
    row: Pick<AnswerRow, 'id' | 'rater' | 'query' | 'reason' | 'seconds' | 'purpose' | 'repeatOf' | 'tooFast'>;
    earlierEvents: number;
    images: ImageStore;
    time: Date;
  },
): FeedbackEvent[] {
  const { row, earlierEvents, images, time } = options;
  const { id, rater, query, reason, seconds, purpose, repeatOf, tooFast } = row;
  return Object.entries(labels).map(([image, label]) => {
    const { prompt, model } = images.get(image);
    return {
      id: revisedEventId({ query, rater, image }, earlierEvents),
      time: time.toISOString(),
      rater,
      raterKind: 'human',
      query,
      image,
      prompt,
      model,
      label,
      ...(reason === null ? {} : { reason }),
      answer: id,
      ...(seconds === null ? {} : { seconds }),
      ...(purpose === 'feedback' ? {} : { purpose: purpose as Exclude<Purpose, 'feedback'> }),
      ...(repeatOf === null ? {} : { repeatOf }),
      ...(tooFast ? { tooFast } : {}),
    };
  });
}

/** How many events on each image these answers have left in the log: one, and one for a retraction. */
function eventsInLog(earlier: readonly { retractedAt: Date | null }[]): number {
  return earlier.reduce((count, { retractedAt }) => count + (retractedAt ? 2 : 1), 0);
}

async function answersTo(db: Database, { query, rater }: { query: string; rater: string }): Promise<AnswerRow[]> {
  return db
    .select()
    .from(answers)
    .where(and(eq(answers.query, query), eq(answers.rater, rater)));
}

async function isTaken(db: Database, id: string): Promise<boolean> {
  return (await db.$count(answers, eq(answers.id, id))) > 0;
}
