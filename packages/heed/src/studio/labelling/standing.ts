/** How far a rater and all raters together are. */
import { sql } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';

export interface Standing {
  /** Queries this rater has answered or skipped. */
  readonly answered: number;
  /** Queries that this rater may still be asked. */
  readonly open: number;
  /** The middle of this rater's answer times; absent before the first. */
  readonly medianSeconds?: number;
}

/** Counts for one rater. */
export async function standingOf(
  db: Database,
  { rater, ratersPerQuery }: { rater: string; ratersPerQuery: number },
): Promise<Standing> {
  const { rows } = await db.execute<{ answered: number; open: number; median: number | null }>(sql`
    select
      (select count(*)::int from answers where rater = ${rater} and retracted_at is null) as answered,
      (select count(*)::int from queries q where q.answers < ${ratersPerQuery} and not exists (
        select 1 from answers a where a.query = q.id and a.rater = ${rater} and a.retracted_at is null)) as open,
      (select percentile_cont(0.5) within group (order by seconds) from (
        select seconds from answers where rater = ${rater} and retracted_at is null and seconds is not null
        order by answered_at desc limit 50) recent) as median`);
  const { answered, open, median } = rows[0]!;
  return { answered, open, ...(median === null ? {} : { medianSeconds: median }) };
}
