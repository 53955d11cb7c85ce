/**
 * Chooses the queries that a rater is asked next. Queries with the fewest answers come first; ties follow a fixed
 * shuffled order. A rater's page holds a lease on each of its queries, so that a query gets no more answers than
 * requested. The asking plan mixes in queries that measure the rater. A page can recognise only practice queries; all
 * other queries that measure the rater look like ordinary queries.
 */
import { sql } from 'drizzle-orm';
import type { Purpose } from '../../feedback/index.ts';
import type { Database } from '../storage/database.ts';
import type { AskingPlan } from './asking-plan.ts';
import { practicePool, repeatable, silentGold } from './measuring-queries.ts';

/**
 * A lease expires when the rater's page has sent no request for this long. A page in use sends a request every ten
 * seconds. An answer after that time is still accepted.
 */
export const LEASE_SECONDS = 30;

/** A query with the id and purpose under which a rater is asked. */
export interface AskedQuery extends Record<string, unknown> {
  /** A repeated query has an id that differs from the id of the original query. */
  readonly id: string;
  readonly prompt: string;
  readonly images: string[];
  readonly purpose: Purpose;
  readonly repeatOf?: string | null;
}

/** The settings for measuring a rater. Owners are not measured, since owners know the answers. */
export interface Measuring {
  readonly plan: AskingPlan;
  readonly practiceQueries: number;
}

export interface LeaseOptions {
  readonly rater: string;
  /** The browser tab that requests queries. Each tab of a rater has its own leases. */
  readonly page?: string | undefined;
  /** Number of requested queries, at most `MAX_LEASED`. */
  readonly count: number;
  readonly ratersPerQuery: number;
  /** The largest number of queries for this rater, not counting practice queries. */
  readonly queriesPerRater?: number;
  readonly measuring?: Measuring | undefined;
  /** Queries that are asked before all others, because the owner queued them. */
  readonly first?: readonly Pick<AskedQuery, 'id' | 'prompt' | 'images'>[];
}

interface Past extends Record<string, unknown> {
  /** Number of practice answers that were not retracted. */
  readonly practised: number;
  /** Number of answers outside practice that were not retracted. */
  readonly answered: number;
  /** Number of the rater's answers, including retracted answers, plus the number of leased queries. */
  readonly turns: number;
}

/** The result of the single SQL statement that reads all data for a lease. */
interface Reading extends Record<string, unknown> {
  readonly past: Past;
  readonly held: readonly AskedQuery[];
  readonly inTurn: readonly AskedQuery[];
}

/** Leases up to `count` open queries to the rater. Queries on which the rater already has a lease come first. */
export async function leaseQueries(db: Database, options: LeaseOptions): Promise<AskedQuery[]> {
  return (await leaseForAll(db, [options]))[0]!;
}

/** Leases queries to several raters, one after another, within the caller's transaction. */
export async function leaseForAll(db: Database, list: readonly LeaseOptions[]): Promise<AskedQuery[][]> {
  const all: AskedQuery[][] = [];
  for (const options of list) all.push(await leaseForOne(db, options));
  return all;
}

async function leaseForOne(db: Database, options: LeaseOptions): Promise<AskedQuery[]> {
  const { rater, page, queriesPerRater = Number.POSITIVE_INFINITY } = options;
  const reading = await readForLease(db, options);
  const left = queriesPerRater - reading.past.answered;
  if (left <= 0) return [];
  let counted = 0;
  const asked = [...reading.held, ...(await freshQueries(db, options, reading))].filter(
    ({ purpose }) => purpose === 'practice' || ++counted <= left,
  );
  await holdQueries(db, { rater, page, queries: asked });
  return asked;
}

/**
 * Reads the numbers of the rater's past answers, at most `count` leased queries, and at most `count` next open queries.
 */
async function readForLease(db: Database, { rater, page = '', count, ratersPerQuery }: LeaseOptions): Promise<Reading> {
  const { rows } = await db.execute<Reading>(sql`
    select past, held, in_turn as "inTurn" from heed_read_for_lease(${rater}, ${page}, ${ratersPerQuery}::int)`);
  const { past, held, inTurn } = rows[0]!;
  return { past, held: held.slice(0, count), inTurn: inTurn.slice(0, count) };
}

/**
 * Chooses new queries so that the rater has `count` leased queries. If no new feedback query is left, no query that
 * measures the rater is chosen either.
 */
async function freshQueries(
  db: Database,
  options: LeaseOptions,
  { held, inTurn, past }: Reading,
): Promise<readonly AskedQuery[]> {
  const { rater, count, measuring, first = [] } = options;
  const missing = count - held.length;
  if (missing <= 0) return [];
  const queued = first.map(({ id, prompt, images }): AskedQuery => ({ id, prompt, images, purpose: 'feedback' }));
  const feedback = [...queued, ...inTurn.filter(({ id }) => !first.some((query) => query.id === id))].slice(0, missing);
  if (!measuring || feedback.length === 0) return feedback;
  const { plan, practiceQueries } = measuring;
  const practiceHeld = held.filter(({ purpose }) => purpose === 'practice').length;
  const practiceMissing = past.answered > 0 ? 0 : practiceQueries - past.practised - practiceHeld;
  const asked =
    practiceMissing <= 0
      ? []
      : (await practicePool(db, { rater, size: practiceQueries })).slice(0, Math.min(practiceMissing, missing));
  const purposes = Array.from({ length: missing }, (_, i) => plan.purposeOf(rater, past.turns + i));
  const pools = {
    gold: purposes.includes('gold') ? await silentGold(db, { rater, practiceQueries }) : [],
    repeat: purposes.includes('repeat') ? await repeatable(db, { rater, plan }) : [],
  };
  while (asked.length < missing && feedback.length > 0) {
    const turn = past.turns + asked.length;
    const purpose = plan.purposeOf(rater, turn);
    const pool = purpose === 'feedback' ? [] : pools[purpose];
    asked.push(pool.splice(plan.pick(rater, turn, pool.length), 1)[0] ?? feedback.shift()!);
  }
  return asked;
}

/** Leases the queries to a rater. */
export async function holdQueries(
  db: Database,
  options: {
    rater: string;
    page?: string | undefined;
    queries: readonly Pick<AskedQuery, 'id' | 'purpose' | 'repeatOf'>[];
  },
): Promise<void> {
  const { rater, page = '', queries } = options;
  if (queries.length === 0) return;
  const rows = JSON.stringify(queries.map(({ id, purpose, repeatOf = null }) => ({ id, purpose, repeatOf })));
  await db.execute(sql`
    select heed_hold_queries(${rater}, ${page}, ${rows}::jsonb, ${`${LEASE_SECONDS} seconds`}::interval)`);
}

/** Records that the rater's page shows the query now. If the query was shown before, the earlier time is kept. */
export async function noteShown(db: Database, { query, rater }: { query: string; rater: string }): Promise<void> {
  await db.execute(sql`
    update leases set shown_at = now() where query = ${query} and rater = ${rater} and shown_at is null`);
}

/** Ends all leases of the rater, or only the leases of one closed page. */
export async function releaseQueries(
  db: Database,
  { rater, page }: { rater: string; page?: string | undefined },
): Promise<void> {
  const ofPage = page === undefined ? sql`` : sql` and page = ${page}`;
  await db.execute(sql`delete from leases where rater = ${rater}${ofPage}`);
}
