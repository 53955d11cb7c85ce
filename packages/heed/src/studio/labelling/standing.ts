/** How far a rater and all raters together are. */
import { sql } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';

export interface Standing {
  /** Queries this rater has answered or skipped, those of the practice round left out. */
  readonly answered: number;
  /** Queries that this rater may still be asked. */
  readonly open: number;
  /** The middle of this rater's answer times; absent before the first. */
  readonly medianSeconds?: number;
}

interface Counts extends Record<string, unknown> {
  readonly answered: number;
  readonly open: number;
  readonly median: number | null;
}

/** Counts for one rater. */
export async function standingOf(
  db: Database,
  options: { rater: string; ratersPerQuery: number; queriesPerRater?: number },
): Promise<Standing> {
  const { rater, ratersPerQuery, queriesPerRater = Number.POSITIVE_INFINITY } = options;
  const { rows } = await db.execute<Counts>(sql`
    select
      (select count(*)::int from answers
        where rater = ${rater} and retracted_at is null and purpose <> 'practice') as answered,
      (select count(*)::int from queries q where q.answers < ${ratersPerQuery} and q.gold_since is null and not exists (
        select 1 from answers a where a.query = q.id and a.rater = ${rater} and a.retracted_at is null)) as open,
      (select percentile_cont(0.5) within group (order by seconds) from (
        select seconds from answers where rater = ${rater} and retracted_at is null and seconds is not null
        order by answered_at desc limit 50) recent) as median`);
  const { answered, open, median } = rows[0]!;
  return {
    answered,
    open: Math.max(0, Math.min(open, queriesPerRater - answered)),
    ...(median === null ? {} : { medianSeconds: median }),
  };
}
