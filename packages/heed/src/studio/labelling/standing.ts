/** Counts the queries that a rater has answered, and the queries that the rater may still be asked. */
import { sql } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';

export interface Standing {
  /** Number of queries that this rater has answered or skipped, not counting practice. */
  readonly answered: number;
  /** Number of queries that this rater may still be asked. */
  readonly open: number;
  /** Median of this rater's latest answer times; undefined before the first answer. */
  readonly medianSeconds?: number;
}

interface Counts extends Record<string, unknown> {
  readonly answered: number;
  /** Number of queries that this rater has answered and that other raters may still be asked. */
  readonly answeredOpen: number;
  readonly median: number | null;
}

/** Above this number of open queries, the count is cached, because the exact count does not matter to raters. */
const MANY = 10_000;
const REMEMBERED_MS = 10_000;

/** Counts the progress of one rater. */
export type CountStanding = (options: { rater: string; queriesPerRater?: number }) => Promise<Standing>;

/** Creates a counter that reads `db`. */
export function createStandings(
  db: Database,
  options: { ratersPerQuery: number; many?: number; nowMs?: () => number },
): CountStanding {
  const { ratersPerQuery, many = MANY, nowMs = () => performance.now() } = options;
  let remembered: { readonly count: number; readonly atMs: number } | undefined;
  const countOpen = async () => {
    const atMs = nowMs();
    if (remembered && remembered.count >= many && atMs - remembered.atMs < REMEMBERED_MS) return remembered.count;
    const { rows } = await db.execute<{ count: number }>(sql`
      select count(*)::int as count from queries where answers < ${ratersPerQuery} and gold_since is null`);
    const { count } = rows[0]!;
    remembered = { count, atMs };
    return count;
  };
  return async ({ rater, queriesPerRater = Number.POSITIVE_INFINITY }) => {
    const openOfAll = await countOpen();
    const { rows } = await db.execute<Counts>(sql`
      select
        (select count(*)::int from answers
          where rater = ${rater} and retracted_at is null and purpose <> 'practice') as answered,
        (select count(*)::int from answers a join queries q on q.id = a.query
          where a.rater = ${rater} and a.retracted_at is null
            and q.answers < ${ratersPerQuery} and q.gold_since is null) as "answeredOpen",
        (select percentile_cont(0.5) within group (order by seconds) from (
          select seconds from answers where rater = ${rater} and retracted_at is null and seconds is not null
          order by answered_at desc limit 50) recent) as median`);
    const { answered, answeredOpen, median } = rows[0]!;
    return {
      answered,
      open: Math.max(0, Math.min(openOfAll - answeredOpen, queriesPerRater - answered)),
      ...(median === null ? {} : { medianSeconds: median }),
    };
  };
}
