/**
 * Updates the tables from the project's files: judgements that did not come through the studio or were lost in a crash,
 * and queries for new images. Running the update again changes nothing.
 */
import { inArray, sql } from 'drizzle-orm';
import { groupBy } from '../../collections/group-by.ts';
import { type FeedbackEvent, type Label, purposeOf, RETRACTED } from '../../feedback/event.ts';
import type { FeedbackLog } from '../../feedback/log.ts';
import { queriesOf } from '../../feedback/queries.ts';
import type { ImageRecord } from '../../images/record.ts';
import type { ImageStore } from '../../images/store.ts';
import { COUNT_ANSWERS } from './answer-functions.ts';
import type { Database } from './database.ts';
import { applyKeys, updateGoldOf } from './gold-tables.ts';
import { answers, progress, queries } from './schema.ts';

const ROWS_AT_ONCE = 500;

/**
 * Applies the log's events that the tables do not contain yet, as counted by the table `progress`. Returns the number
 * of events in the log. Call the function in a transaction: if it stopped half-way, events would be applied twice,
 * which is wrong for revisions.
 */
export async function catchUpWithFeedback(db: Database, log: FeedbackLog): Promise<number> {
  const events = await log.read();
  const seen = await readCount(db, 'feedback');
  for (const group of chunks(events.slice(seen), ROWS_AT_ONCE)) await applyEvents(db, group);
  await writeCount(db, 'feedback', events.length);
  return events.length;
}

/** Applies events to the tables, answers and retractions in the order of the log. */
export async function applyEvents(db: Database, events: readonly FeedbackEvent[]): Promise<void> {
  const keys = events.filter((event) => purposeOf(event) === 'key');
  if (keys.length > 0) await applyKeys(db, keys);
  const given = events.filter((event) => purposeOf(event) !== 'key');
  const byAnswer = groupBy(given, (event) => `${answerIdOf(event)} ${event.label === RETRACTED}`);
  for (const group of byAnswer.values()) {
    const first = group[0]!;
    const id = answerIdOf(first);
    if (first.label === RETRACTED) {
      await db.execute(sql`update answers set retracted_at = ${first.time}
        where query = ${first.query} and rater = ${first.rater} and retracted_at is null`);
      continue;
    }
    const labels = Object.fromEntries(group.map(({ image, label }) => [image, label as Label]));
    // Merges a later answer of the same rater to the same query, or the rest of an answer whose events were read
    // separately.
    await db.execute(sql`update answers set labels = labels || ${JSON.stringify(labels)}::jsonb
      where query = ${first.query} and rater = ${first.rater} and retracted_at is null`);
    await db
      .insert(answers)
      .values({
        id,
        query: first.query,
        rater: first.rater,
        isHuman: first.raterKind === 'human',
        isSkipped: group.every(({ label }) => label === 'skip'),
        labels,
        reason: first.reason ?? null,
        seconds: first.seconds ?? null,
        purpose: purposeOf(first),
        repeatOf: first.repeatOf ?? null,
        tooFast: first.tooFast ?? false,
        answeredAt: new Date(first.time),
      })
      .onConflictDoNothing();
  }
  await recount(db, [...new Set(given.map(({ query }) => query))]);
}

/** Id of the answer that an event belongs to. Events without a submission id are grouped by query and rater. */
function answerIdOf({ answer, query, rater, id }: FeedbackEvent): string {
  const revision = /-(\d+)$/.exec(id)?.[0] ?? '';
  return answer ?? `${query} ${rater}${revision}`;
}

/** Recounts people's answers to these queries. Answers that only measure raters are not included. */
export async function recount(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .update(queries)
    .set({
      answers: sql.raw(COUNT_ANSWERS),
    })
    .where(inArray(queries.id, [...ids]));
}

/** Number of images in a query. A prompt's remaining images form a smaller query if there are at least `minImages`. */
interface QuerySizes {
  readonly imagesPerQuery: number;
  readonly minImages?: number;
}

/**
 * Makes queries of new images: images of one model and prompt, `imagesPerQuery` at a time, in the order of generation.
 * Fewer than `minImages` remaining images form no query. Returns the number of queries.
 */
export async function makeQueries(
  db: Database,
  images: ImageStore,
  options: QuerySizes & { set: string },
): Promise<number> {
  const { set } = options;
  // Set-aside images are included in the grouping, so that existing queries keep their images.
  const all = images.all({ set, isWhole: true });
  const source = `images of ${set}`;
  const fresh = all.slice(await readCount(db, source));
  const made = await insertQueries(db, fresh, options);
  await writeCount(db, source, all.length);
  await dropQueriesWithout(
    db,
    all.filter(({ id }) => !images.stands(id)).map(({ id }) => id),
  );
  return made;
}

/**
 * Makes new queries after an image was restored: the image is asked again, together with other images of its prompt and
 * model that no query shows.
 */
export async function askImageAgain(
  db: Database,
  images: ImageStore,
  { id, set, ...sizes }: QuerySizes & { id: string; set: string },
): Promise<void> {
  const { prompt, modelHash } = images.get(id);
  const { rows } = await db.execute<{ image: string }>(sql`
    select unnest(images) as image from queries where prompt = ${prompt}`);
  const shown = new Set(rows.map(({ image }) => image));
  const missing = images
    .all({ set })
    .filter((image) => image.prompt === prompt && image.modelHash === modelHash && !shown.has(image.id));
  if (missing.some((image) => image.id === id)) await insertQueries(db, missing, sizes);
}

async function insertQueries(
  db: Database,
  fresh: readonly ImageRecord[],
  { imagesPerQuery, minImages = 1 }: QuerySizes,
): Promise<number> {
  const rows = queriesOf(fresh, imagesPerQuery)
    .filter(({ images }) => images.length >= minImages)
    .map((query) => ({ ...query, position: Number.parseInt(query.id.slice(0, 7), 16) }));
  for (const group of chunks(rows, ROWS_AT_ONCE)) {
    await db.insert(queries).values(group).onConflictDoNothing();
    const ids = group.map(({ id }) => id);
    await recount(db, ids);
    await updateGoldOf(db, ids);
  }
  return rows.length;
}

/** Deletes queries that show one of these images. The answers to these queries stay. */
async function dropQueriesWithout(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db.execute(sql`delete from queries
    where images && array(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);
}

async function readCount(db: Database, source: string): Promise<number> {
  const rows = await db.select().from(progress).where(sql`source = ${source}`);
  return rows[0]?.count ?? 0;
}

/** Records that the tables contain `count` records of `source`. */
export async function writeCount(db: Database, source: string, count: number): Promise<void> {
  await db.insert(progress).values({ source, count }).onConflictDoUpdate({ target: progress.source, set: { count } });
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
