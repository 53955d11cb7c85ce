/**
 * Decides whether answers and retractions are accepted, and which database rows and log events are written for them.
 */
import { and, eq, isNull, sql } from 'drizzle-orm';
import { type FeedbackEvent, type Label, type Purpose, RETRACTED, revisedEventId } from '../../feedback/index.ts';
import type { ImageStore } from '../../images/store.ts';
import { recount } from '../storage/catch-up.ts';
import type { Database } from '../storage/database.ts';
import { answers } from '../storage/schema.ts';
import { type Answer, type Decision, type DecisionContext, type Retraction, refusal } from './answer.ts';
import { type EarlierAnswer, earlierAnswers, type FoundQuery, readForAnswers } from './asked-query.ts';
import { holdQueries } from './lease.ts';
import { practiceFeedback } from './practice.ts';

type AnswerRow = typeof answers.$inferSelect;

/** The decision on one answer before anything is written. */
type Draft =
  | { readonly kind: 'decided'; readonly decision: Decision }
  | { readonly kind: 'standing'; readonly answer: EarlierAnswer; readonly images: readonly string[] }
  | {
      readonly kind: 'new';
      readonly row: AnswerRow;
      readonly images: readonly string[];
      readonly earlier: readonly EarlierAnswer[];
    };

/**
 * Decides on any number of answers with one SQL statement; `rows` are the new answers, which the caller must write. No
 * two answers in `list` may have the same id, or the same rater and query. `separateAnswers` ensures this.
 */
export async function decideAnswers(
  list: readonly Answer[],
  context: DecisionContext,
): Promise<{ decisions: Decision[]; rows: AnswerRow[] }> {
  const { db, images, plan, time } = context;
  const { found, earlier } = await readForAnswers(db, { list, plan });
  const decisions: Decision[] = [];
  const rows: AnswerRow[] = [];
  for (const [i, answer] of list.entries()) {
    const draft = draftOf(answer, { found: found[i], earlier, context });
    if (draft.kind === 'decided') decisions.push(draft.decision);
    else if (draft.kind === 'standing') decisions.push(await known(db, draft.answer, draft.images));
    else {
      const { row } = draft;
      const { acceptance } = await known(db, row, draft.images);
      rows.push(row);
      decisions.push({
        acceptance: { ...acceptance, state: 'accepted' } as Decision['acceptance'],
        events: eventsOf(row.labels, { row, earlierEvents: eventsInLog(draft.earlier), images, time }),
      });
    }
  }
  return { decisions, rows };
}

/** Writes new answers in one atomic statement. The tables then contain `eventCount` events of the log. */
export async function writeAnswers(db: Database, rows: readonly AnswerRow[], eventCount: number): Promise<void> {
  await db.execute(sql`select heed_write_answers(${JSON.stringify(rows)}::json, ${eventCount}::int)`);
}

/**
 * Divides answers into parts that can be decided together, in order. An answer with the id of an earlier answer in the
 * part, or with its rater and query, starts the next part.
 */
export function separateAnswers(list: readonly Answer[]): Answer[][] {
  const parts: Answer[][] = [];
  let seen = new Set<string>();
  for (const answer of list) {
    const keys = [`id ${answer.id}`, JSON.stringify([answer.query, answer.rater])];
    if (parts.length === 0 || keys.some((key) => seen.has(key))) {
      parts.push([]);
      seen = new Set();
    }
    parts.at(-1)!.push(answer);
    for (const key of keys) seen.add(key);
  }
  return parts;
}

function draftOf(
  answer: Answer,
  options: { found: FoundQuery | undefined; earlier: readonly EarlierAnswer[]; context: DecisionContext },
): Draft {
  const { found, context } = options;
  const { id, query: asked, rater, labels } = answer;
  const decided = (decision: Decision): Draft => ({ kind: 'decided', decision });
  if (!found) return decided(refusal('unknown', 'there is no such query'));
  const { images } = found.query;
  if (labels && labels.length !== images.length) {
    return decided(refusal('conflict', `expected ${images.length} labels, got ${labels.length}`));
  }
  const isPreference = context.asksPreferences && found.purpose === 'feedback';
  if (isPreference && labels && !saysPreference(labels)) {
    return decided(refusal('conflict', 'expected one image that is better than the others, or all good where none is'));
  }
  const given = Object.fromEntries(images.map((image, i) => [image, labels?.[i] ?? ('skip' as Label)]));
  const earlier = options.earlier.filter((row) => row.query === asked && row.rater === rater);
  const same = earlier.find((row) => row.id === id);
  if (same?.isRetracted) return decided({ acceptance: { state: 'retracted' }, events: [] });
  if (!same && options.earlier.some((row) => row.id === id)) {
    return decided(refusal('conflict', 'the id of this answer is taken'));
  }
  const standing = same ?? earlier.find((row) => !row.isRetracted);
  if (standing) {
    const agrees = same !== undefined || images.every((image) => standing.labels[image] === given[image]);
    if (agrees) return { kind: 'standing', answer: standing, images };
    return decided(refusal('conflict', 'this query is answered'));
  }
  const row = {
    id,
    query: asked,
    rater,
    isHuman: true,
    isSkipped: labels === undefined,
    labels: given,
    reason: answer.reason ?? null,
    seconds: answer.seconds ?? null,
    purpose: isPreference ? ('preference' as const) : found.purpose,
    repeatOf: found.repeatOf ?? null,
    tooFast: isTooFast(answer, found, context.minAnswerMs),
    answeredAt: context.time,
    retractedAt: null,
  };
  return { kind: 'new', row, images, earlier };
}

/** Whether the labels state a preference: one good among bad ones, or all good for a tie. */
function saysPreference(labels: readonly Label[]): boolean {
  const good = labels.filter((label) => label === 'good').length;
  const others = labels.length - good;
  return labels.every((label) => label !== 'skip') && ((good === 1 && others > 0) || others === 0);
}

export async function decideRetraction(
  { id, rater, page }: Retraction,
  { db, images, time }: DecisionContext,
): Promise<Decision> {
  const [row] = await db
    .select()
    .from(answers)
    .where(and(eq(answers.id, id), eq(answers.rater, rater)));
  if (!row) return refusal('unknown', 'there is no such answer');
  const { query, purpose, repeatOf } = row;
  if (row.retractedAt) return { acceptance: { state: 'retracted' }, events: [] };
  const earlier = await earlierAnswers(db, row);
  await db
    .update(answers)
    .set({ retractedAt: time })
    .where(and(eq(answers.id, id), isNull(answers.retractedAt)));
  await recount(db, [query]);
  await holdQueries(db, { rater, page, queries: [{ id: query, purpose, repeatOf }] });
  const labels = Object.fromEntries(Object.keys(row.labels).map((image) => [image, RETRACTED] as const));
  const taken = { ...row, reason: null, seconds: null, tooFast: false };
  return {
    acceptance: { state: 'retracted' },
    events: eventsOf(labels, { row: taken, earlierEvents: eventsInLog(earlier), images, time }),
  };
}

/** The reply for an answer that is already stored; every retry gets this reply. */
async function known(
  db: Database,
  { purpose, labels, tooFast }: Pick<EarlierAnswer, 'purpose' | 'labels' | 'tooFast'>,
  images: readonly string[],
): Promise<Decision> {
  const practice = purpose === 'practice' ? await practiceFeedback(db, { images, labels }) : undefined;
  return {
    acceptance: { state: 'known', ...(tooFast ? { tooFast } : {}), ...(practice === undefined ? {} : { practice }) },
    events: [],
  };
}

/**
 * Whether an answer was too fast. Skipping is never too fast, since a rater can skip without looking at every image.
 * The shorter of two times decides: the time that the page measured and the time since the query was shown. A negative
 * time means that the clock was set back, and is ignored.
 */
function isTooFast({ labels, seconds }: Answer, { elapsedMs }: FoundQuery, minAnswerMs: number): boolean {
  if (labels === undefined) return false;
  const times = [elapsedMs, seconds === undefined ? undefined : 1000 * seconds];
  return times.some((ms) => ms !== undefined && ms >= 0 && ms < minAnswerMs);
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

/** Number of log events that these answers have for each image: one for each answer, and one for each retraction. */
function eventsInLog(earlier: readonly EarlierAnswer[]): number {
  return earlier.reduce((count, { isRetracted }) => count + (isRetracted ? 2 : 1), 0);
}
