/** Finds the query behind the name it was asked under, and what for. Leases say it first; they can be gone. */
import { and, eq, sql } from 'drizzle-orm';
import type { Purpose } from '../../feedback/index.ts';
import { OWNER_RATER } from '../auth/sessions.ts';
import type { Database } from '../storage/database.ts';
import { answers, queries } from '../storage/schema.ts';
import type { AskingPlan } from './asking-plan.ts';

export interface FoundQuery {
  readonly query: typeof queries.$inferSelect;
  readonly purpose: Purpose;
  /** The query's own id, where it was asked again. */
  readonly repeatOf?: string;
  /** Since the rater's page said that it shows the query, else since it was handed out; absent without a lease. */
  readonly elapsedMs?: number;
}

interface Lease extends Record<string, unknown> {
  readonly purpose: Purpose;
  readonly repeatOf: string | null;
  readonly elapsedMs: number;
}

/** Undefined where no such query was ever asked of anybody. */
export async function findAskedQuery(
  db: Database,
  options: { asked: string; rater: string; plan: AskingPlan },
): Promise<FoundQuery | undefined> {
  const { asked, rater, plan } = options;
  const { rows } = await db.execute<Lease>(sql`
    select purpose, repeat_of as "repeatOf",
      (extract(epoch from now() - coalesce(shown_at, handed_at)) * 1000)::double precision as "elapsedMs"
    from leases where query = ${asked} and rater = ${rater}`);
  const lease = rows[0];
  const elapsed = lease === undefined ? {} : { elapsedMs: lease.elapsedMs };
  const own = await findQuery(db, asked);
  if (own) {
    // The owner knows the answers: what they say is a judgement like any other.
    const isGold = own.goldSince !== null && rater !== OWNER_RATER;
    const purpose = lease?.purpose === 'practice' ? 'practice' : isGold ? 'gold' : 'feedback';
    return { query: own, purpose, ...elapsed };
  }
  const repeatOf = lease?.repeatOf ?? (await queryBehind(db, { alias: asked, rater, plan }));
  const query = repeatOf === undefined ? undefined : await findQuery(db, repeatOf);
  return query && repeatOf !== undefined ? { query, purpose: 'repeat', repeatOf, ...elapsed } : undefined;
}

/** The query that the rater was asked again under that name, found without a lease. */
async function queryBehind(
  db: Database,
  { alias, rater, plan }: { alias: string; rater: string; plan: AskingPlan },
): Promise<string | undefined> {
  const own = await db
    .select({ query: answers.query })
    .from(answers)
    .where(and(eq(answers.rater, rater), eq(answers.purpose, 'feedback')));
  return own.find(({ query }) => plan.aliasOf(query, rater) === alias)?.query;
}

async function findQuery(db: Database, id: string): Promise<typeof queries.$inferSelect | undefined> {
  const [query] = await db.select().from(queries).where(eq(queries.id, id));
  return query;
}
