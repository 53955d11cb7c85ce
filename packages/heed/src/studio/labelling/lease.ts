/**
 * Which queries a rater is asked next. Those with the fewest answers come first, then a fixed shuffled order; a query
 * is held for a rater while their page has it, so that as many people answer it as were asked for and no more.
 */
import { sql } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';

/** After this long without an answer a query is free for others; the rater's late answer is still taken. */
export const LEASE_MINUTES = 10;

/** One query as the tables have it. */
export interface AskedQuery extends Record<string, unknown> {
  readonly id: string;
  readonly prompt: string;
  readonly images: string[];
}

/** Up to `count` open queries for the rater, those they hold already first, all held from now on. */
export async function leaseQueries(
  db: Database,
  options: { rater: string; count: number; ratersPerQuery: number },
): Promise<AskedQuery[]> {
  const { rater, count, ratersPerQuery } = options;
  const { rows: held } = await db.execute<AskedQuery>(sql`
    select q.id, q.prompt, q.images from leases l join queries q on q.id = l.query
    where l.rater = ${rater} and l.expires_at > now()
    order by q.answers, q.position limit ${count}`);
  const missing = count - held.length;
  const { rows: fresh } =
    missing === 0
      ? { rows: [] }
      : await db.execute<AskedQuery>(sql`
    select q.id, q.prompt, q.images from queries q
    where q.answers < ${ratersPerQuery}
      and not exists (select 1 from answers a where a.query = q.id and a.rater = ${rater} and a.retracted_at is null)
      and q.answers < ${ratersPerQuery} - (
        select count(*) from leases l where l.query = q.id and l.rater <> ${rater} and l.expires_at > now())
      and not exists (select 1 from leases l where l.query = q.id and l.rater = ${rater} and l.expires_at > now())
    order by q.answers, q.position limit ${missing}`);
  const asked = [...held, ...fresh];
  for (const { id } of asked) await holdQuery(db, { query: id, rater });
  return asked;
}

/** Holds one query for a rater from now on. */
export async function holdQuery(db: Database, { query, rater }: { query: string; rater: string }): Promise<void> {
  await db.execute(sql`
    insert into leases (query, rater, expires_at)
    values (${query}, ${rater}, now() + ${`${LEASE_MINUTES} minutes`}::interval)
    on conflict (query, rater) do update set expires_at = excluded.expires_at`);
}

/** Lets go of one query, or of all that the rater holds: they left. */
export async function releaseQueries(db: Database, { rater, query }: { rater: string; query?: string }): Promise<void> {
  await db.execute(
    query === undefined
      ? sql`delete from leases where rater = ${rater}`
      : sql`delete from leases where rater = ${rater} and query = ${query}`,
  );
}
