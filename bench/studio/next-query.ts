/** How long the next query takes in tables of full size: the statements alone, without HTTP. */
import { sql } from 'drizzle-orm';
import { leaseQueries } from '../../packages/heed/src/studio/labelling/lease.ts';
import { type OpenDatabase, openDatabase } from '../../packages/heed/src/studio/storage/database.ts';

const RATERS_PER_QUERY = 3;
const ANSWERS_PER_QUERY = 1;
const RATERS = 1000;

export interface NextQueryResult {
  /** Milliseconds of each lease of 3 queries, by raters in turn. */
  readonly times: readonly number[];
  /** Mean processor time of a lease in this process: PGlite's whole, of PostgreSQL the client's part alone. */
  readonly processorMs: number;
}

/** Fills the tables and leases. */
export async function measureNextQuery(options: {
  folder: string;
  url?: string | undefined;
  queries: number;
  leases: number;
}): Promise<NextQueryResult> {
  const { folder, url = '', queries, leases } = options;
  const database = await openDatabase(folder, { url });
  try {
    await fill(database, queries);
    const times: number[] = [];
    const before = process.cpuUsage();
    for (let i = 0; i < leases; i++) {
      const from = performance.now();
      await database.db.transaction((db) =>
        leaseQueries(db, { rater: `rater-${i % RATERS}`, count: 3, ratersPerQuery: RATERS_PER_QUERY }),
      );
      times.push(performance.now() - from);
    }
    const { user, system } = process.cpuUsage(before);
    return { times, processorMs: (user + system) / 1000 / leases };
  } finally {
    await database.close();
  }
}

async function fill({ db }: OpenDatabase, count: number): Promise<void> {
  // Half of the queries are done, as in the middle of a project.
  await db.execute(sql`
    insert into queries (id, prompt, category, images, position, answers)
    select 'q' || i, 'a prompt', 'count', array['a' || i, 'b' || i, 'c' || i], (hashtext('q' || i) & 268435455),
      case when i % 2 = 0 then ${RATERS_PER_QUERY}::int else ${ANSWERS_PER_QUERY}::int end
    from generate_series(1, ${count}::int) as i`);
  await db.execute(sql`
    insert into answers (id, query, rater, is_human, is_skipped, labels, answered_at)
    select i || '-' || k, 'q' || i, 'rater-' || ((i * 7 + k) % ${RATERS}::int), true, false,
      '{"a":"good","b":"bad","c":"bad"}'::jsonb, now()
    from generate_series(1, ${count}::int) as i, generate_series(1, case when i % 2 = 0 then ${RATERS_PER_QUERY}::int else ${ANSWERS_PER_QUERY}::int end) as k`);
  await db.execute(sql`analyze`);
}
