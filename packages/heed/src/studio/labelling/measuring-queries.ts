/**
 * Queries for measuring a rater: queries with known answers, some of which are for practice, and repeats of the rater's
 * own earlier queries.
 */
import { sql } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import type { AskingPlan } from './asking-plan.ts';
import type { AskedQuery } from './lease.ts';

/**
 * The practice queries that this rater has not answered and has no lease on. All raters practise with the same queries:
 * the `size` queries that first got a known answer.
 */
export async function practicePool(
  db: Database,
  { rater, size }: { rater: string; size: number },
): Promise<AskedQuery[]> {
  const { rows } = await db.execute<AskedQuery>(sql`select * from heed_practice_pool(${rater}, ${size}::int)`);
  return rows;
}

/** The practice queries, which are the same for all raters. */
export async function practiceQueriesOf(
  db: Database,
  size: number,
): Promise<Pick<AskedQuery, 'id' | 'prompt' | 'images'>[]> {
  const { rows } = await db.execute<Pick<AskedQuery, 'id' | 'prompt' | 'images'>>(sql`
    select id, prompt, images from queries where gold_since is not null order by gold_since, id limit ${size}`);
  return rows;
}

/**
 * Queries with known answers that are not used for practice and are new to this rater. Raters never learn the known
 * answers of these queries.
 */
export async function silentGold(
  db: Database,
  { rater, practiceQueries }: { rater: string; practiceQueries: number },
): Promise<AskedQuery[]> {
  const { rows } = await db.execute<AskedQuery>(sql`select * from heed_silent_gold(${rater}, ${practiceQueries}::int)`);
  return rows;
}

/**
 * Queries that the rater answered as feedback a while ago and that were not repeated yet, each with its id for the
 * repetition.
 */
export async function repeatable(
  db: Database,
  { rater, plan }: { rater: string; plan: AskingPlan },
): Promise<AskedQuery[]> {
  const { rows } = await db.execute<AskedQuery & { repeatOf: string }>(sql`select * from heed_repeatable(${rater})`);
  return rows.map((row) => ({ ...row, id: plan.aliasOf(row.repeatOf, rater) }));
}
