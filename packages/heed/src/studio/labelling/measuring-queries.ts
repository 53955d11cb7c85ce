/**
 * The queries that a rater can be measured by: those whose answer is known, some kept for the practice round, and the
 * rater's own earlier ones.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import type { AskingPlan } from './asking-plan.ts';
import type { AskedQuery } from './lease.ts';

/** A query comes again after at least this many others. */
const QUERIES_BETWEEN = 5;
/** More to choose from makes guessing no harder. */
const POOL_SIZE = 100;

/**
 * The queries that every rater practises with, the first that were marked, which this rater has neither answered nor
 * holds.
 */
export async function practicePool(
  db: Database,
  { rater, size }: { rater: string; size: number },
): Promise<AskedQuery[]> {
  const { rows } = await db.execute<AskedQuery>(sql`
    select q.id, q.prompt, q.images, 'practice' as purpose
    from (select * from queries where gold_since is not null order by gold_since, id limit ${size}) q
    where ${isNewTo(rater)} order by q.gold_since, q.id`);
  return rows;
}

/** All that every rater practises with. */
export async function practiceQueriesOf(
  db: Database,
  size: number,
): Promise<Pick<AskedQuery, 'id' | 'prompt' | 'images'>[]> {
  const { rows } = await db.execute<Pick<AskedQuery, 'id' | 'prompt' | 'images'>>(sql`
    select id, prompt, images from queries where gold_since is not null order by gold_since, id limit ${size}`);
  return rows;
}

/** The others, new to this rater: no rater was ever told their answer. */
export async function silentGold(
  db: Database,
  { rater, practiceQueries }: { rater: string; practiceQueries: number },
): Promise<AskedQuery[]> {
  const { rows } = await db.execute<AskedQuery>(sql`
    select q.id, q.prompt, q.images, 'gold' as purpose
    from (select * from queries where gold_since is not null order by gold_since, id offset ${practiceQueries}) q
    where ${isNewTo(rater)} order by q.position limit ${POOL_SIZE}`);
  return rows;
}

/** What the rater answered as feedback a while ago and was not asked again, under the names for asking again. */
export async function repeatable(
  db: Database,
  { rater, plan }: { rater: string; plan: AskingPlan },
): Promise<AskedQuery[]> {
  const { rows } = await db.execute<AskedQuery & { repeatOf: string }>(sql`
    select a.query as "repeatOf", q.prompt, q.images, 'repeat' as purpose
    from answers a join queries q on q.id = a.query
    where a.rater = ${rater} and a.purpose = 'feedback' and a.retracted_at is null and not a.is_skipped
      and not exists (select 1 from answers b where b.rater = ${rater} and b.repeat_of = a.query)
      and not exists (
        select 1 from leases l where l.rater = ${rater} and l.repeat_of = a.query and l.expires_at > now())
    order by a.answered_at desc, a.id offset ${QUERIES_BETWEEN} limit ${POOL_SIZE}`);
  return rows.map((row) => ({ ...row, id: plan.aliasOf(row.repeatOf, rater) }));
}

function isNewTo(rater: string): SQL {
  return sql`
    not exists (select 1 from answers a where a.query = q.id and a.rater = ${rater} and a.retracted_at is null)
    and not exists (select 1 from leases l where l.query = q.id and l.rater = ${rater} and l.expires_at > now())`;
}
