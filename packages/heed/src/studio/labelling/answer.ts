/**
 * Taking answers and taking them back. An answer is acknowledged once its events are flushed to feedback.jsonl; the
 * tables follow in the same breath and can lag only by what a crash cut off. Submissions that arrive together share one
 * flush and one transaction.
 */
import { and, eq, isNull } from 'drizzle-orm';
import { type FeedbackEvent, type Label, RETRACTED, revisedEventId } from '../../feedback/event.ts';
import type { FeedbackLog } from '../../feedback/log.ts';
import type { ImageStore } from '../../images/store.ts';
import { createBatches } from '../storage/batches.ts';
import { recount, writeCount } from '../storage/catch-up.ts';
import type { Database, OpenDatabase } from '../storage/database.ts';
import { answers, queries } from '../storage/schema.ts';
import { holdQuery, releaseQueries } from './lease.ts';

/** What a rater submits. */
export interface Answer {
  /** Chosen by the page; the same for every retry. */
  readonly id: string;
  readonly rater: string;
  readonly query: string;
  /** A label for each image of the query, in its order; undefined skips the query. */
  readonly labels: readonly ('good' | 'bad')[] | undefined;
  readonly reason?: string | undefined;
  readonly seconds?: number | undefined;
}

export interface Retraction {
  /** Of the answer. */
  readonly id: string;
  readonly rater: string;
}

/** What became of a submission. */
export type Acceptance =
  | { readonly state: 'accepted' | 'known' | 'retracted' }
  /** Nothing was changed: there is no such query or answer, or another answer stands in the way. */
  | { readonly state: 'unknown' | 'conflict'; readonly reason: string };

export interface AnswerDesk {
  answer(answer: Answer): Promise<Acceptance>;
  retract(retraction: Retraction): Promise<Acceptance>;
  /** Resolves when everything that was submitted is done. */
  idle(): Promise<void>;
}

type Submission = { readonly answer: Answer } | { readonly retraction: Retraction };

interface Decision {
  readonly acceptance: Acceptance;
  readonly events: readonly FeedbackEvent[];
}

/** Opens the desk. `eventCount` is how many events the log holds; `images` gives the store as it is by now. */
export function createAnswerDesk(options: {
  database: OpenDatabase;
  log: FeedbackLog;
  images: () => ImageStore;
  eventCount: number;
  now?: () => Date;
}): AnswerDesk {
  const { database, log, images, now = () => new Date() } = options;
  let { eventCount } = options;
  const batches = createBatches(async (submissions: readonly Submission[]) => {
    const { acceptances, count } = await database.db.transaction(async (db) => {
      const decisions: Decision[] = [];
      for (const submission of submissions) {
        const context = { db, images: images(), time: now() };
        decisions.push(
          'answer' in submission
            ? await decideAnswer(submission.answer, context)
            : await decideRetraction(submission.retraction, context),
        );
      }
      const events = decisions.flatMap((decision) => decision.events);
      const added = events.length === 0 ? 0 : await log.append(events);
      if (added > 0) await writeCount(db, 'feedback', eventCount + added);
      return { acceptances: decisions.map(({ acceptance }) => acceptance), count: eventCount + added };
    });
    eventCount = count;
    return acceptances;
  });
  return {
    answer: (answer) => batches.add({ answer }),
    retract: (retraction) => batches.add({ retraction }),
    idle: batches.idle,
  };
}

interface DecisionContext {
  readonly db: Database;
  readonly images: ImageStore;
  readonly time: Date;
}

async function decideAnswer(answer: Answer, { db, images, time }: DecisionContext): Promise<Decision> {
  const { id, query: queryId, rater, labels } = answer;
  const [query] = await db.select().from(queries).where(eq(queries.id, queryId));
  if (!query) return refusal('unknown', 'there is no such query');
  if (labels && labels.length !== query.images.length) {
    return refusal('conflict', `expected ${query.images.length} labels, got ${labels.length}`);
  }
  const given = Object.fromEntries(query.images.map((image, i) => [image, labels?.[i] ?? ('skip' as Label)]));
  const earlier = await db
    .select()
    .from(answers)
    .where(and(eq(answers.query, queryId), eq(answers.rater, rater)));
  const same = earlier.find((row) => row.id === id);
  if (same) return { acceptance: { state: same.retractedAt ? 'retracted' : 'known' }, events: [] };
  if (await isTaken(db, id)) return refusal('conflict', 'the id of this answer is taken');
  const standing = earlier.find((row) => row.retractedAt === null);
  if (standing) {
    const agrees = query.images.every((image) => standing.labels[image] === given[image]);
    return agrees ? { acceptance: { state: 'known' }, events: [] } : refusal('conflict', 'this query is answered');
  }
  await db.insert(answers).values({
    id,
    query: queryId,
    rater,
    isHuman: true,
    isSkipped: labels === undefined,
    labels: given,
    reason: answer.reason ?? null,
    seconds: answer.seconds ?? null,
    answeredAt: time,
  });
  await recount(db, [queryId]);
  await releaseQueries(db, { rater, query: queryId });
  return {
    acceptance: { state: 'accepted' },
    events: eventsOf(given, { answer, earlierEvents: eventsInLog(earlier), images, time }),
  };
}

async function decideRetraction({ id, rater }: Retraction, { db, images, time }: DecisionContext): Promise<Decision> {
  const [row] = await db
    .select()
    .from(answers)
    .where(and(eq(answers.id, id), eq(answers.rater, rater)));
  if (!row) return refusal('unknown', 'there is no such answer');
  const { query } = row;
  if (row.retractedAt) return { acceptance: { state: 'retracted' }, events: [] };
  const earlier = await db
    .select()
    .from(answers)
    .where(and(eq(answers.query, query), eq(answers.rater, rater)));
  await db
    .update(answers)
    .set({ retractedAt: time })
    .where(and(eq(answers.id, id), isNull(answers.retractedAt)));
  await recount(db, [query]);
  await holdQuery(db, { query, rater });
  const labels = Object.fromEntries(Object.keys(row.labels).map((image) => [image, RETRACTED] as const));
  return {
    acceptance: { state: 'retracted' },
    events: eventsOf(labels, { answer: { id, rater, query }, earlierEvents: eventsInLog(earlier), images, time }),
  };
}

function eventsOf(
  labels: Readonly<Record<string, FeedbackEvent['label']>>,
  options: {
    answer: Pick<Answer, 'id' | 'rater' | 'query' | 'reason' | 'seconds'>;
    earlierEvents: number;
    images: ImageStore;
    time: Date;
  },
): FeedbackEvent[] {
  const { answer, earlierEvents, images, time } = options;
  const { id, rater, query, reason, seconds } = answer;
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
      ...(reason === undefined ? {} : { reason }),
      answer: id,
      ...(seconds === undefined ? {} : { seconds }),
    };
  });
}

/** How many events on each image these answers have left in the log: one, and one for a retraction. */
function eventsInLog(earlier: readonly { retractedAt: Date | null }[]): number {
  return earlier.reduce((count, { retractedAt }) => count + (retractedAt ? 2 : 1), 0);
}

async function isTaken(db: Database, id: string): Promise<boolean> {
  return (await db.$count(answers, eq(answers.id, id))) > 0;
}

function refusal(state: 'unknown' | 'conflict', reason: string): Decision {
  return { acceptance: { state, reason }, events: [] };
}
