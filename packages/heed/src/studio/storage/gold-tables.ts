/**
 * Known answers in the tables: applies the log's events with the purpose 'key', and marks the queries that can measure
 * raters.
 */
import { eq, type SQL, sql } from 'drizzle-orm';
import { type FeedbackEvent, RETRACTED } from '../../feedback/event.ts';
import type { Database } from './database.ts';
import { gold } from './schema.ts';

/**
 * Applies events with the purpose 'key' in the order of the log. The last known answer for an image replaces earlier
 * ones, whichever owner gave it.
 */
export async function applyKeys(db: Database, events: readonly FeedbackEvent[]): Promise<void> {
  for (const { image, label, reason, rater, raterKind, time } of events) {
    if (label !== 'good' && label !== 'bad') {
      if (label === RETRACTED) await db.delete(gold).where(eq(gold.image, image));
      continue;
    }
    const row = { label, why: reason ?? null, rater, isHuman: raterKind === 'human', markedAt: new Date(time) };
    await db
      .insert(gold)
      .values({ image, ...row })
      .onConflictDoUpdate({ target: gold.image, set: row });
  }
  const images = [...new Set(events.map(({ image }) => image))];
  if (images.length > 0) await updateGold(db, sql`images && ${textArray(images)}`);
}

/** Updates, for the queries with these ids, whether all their images have known answers. */
export async function updateGoldOf(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await updateGold(db, sql`id = any(${textArray(ids)})`);
}

async function updateGold(db: Database, which: SQL): Promise<void> {
  await db.execute(sql`
    update queries set gold_since = (
      select case when count(*) = cardinality(queries.images) then max(marked_at) end
      from gold where gold.image = any(queries.images))
    where ${which}`);
}

function textArray(values: readonly string[]): SQL {
  return sql`array[${sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  )}]::text[]`;
}
