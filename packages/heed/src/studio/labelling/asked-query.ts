/**
 * Reads what answers are decided by: the queries behind the names they were asked under, what for, and earlier answers.
 * Leases say it first; they can be gone.
 */
import { and, eq, sql } from 'drizzle-orm';
import type { Label, Purpose } from '../../feedback/index.ts';
import { isOwnerRater } from '../auth/sessions.ts';
import type { Database } from '../storage/database.ts';
import { answers, queries } from '../storage/schema.ts';
import type { AskingPlan } from './asking-plan.ts';

export interface FoundQuery {
  readonly query: { readonly id: string; readonly images: readonly string[] };
  readonly purpose: Purpose;
  /** The id of the repeated query; absent where the query is asked for the first time. */
  readonly repeatOf?: string;
  /** Since the rater's page said that it shows the query, else since it was handed out; absent without a lease. */
  readonly elapsedMs?: number;
}

/** An answer, by the name under which the rater was asked the query. */
export interface Asked {
  readonly id: string;
  readonly query: string;
  readonly rater: string;
}

interface Row {
  readonly place: number;
  /** Absent without a lease. */
  readonly purpose: Purpose | null;
  readonly repeatOf: string | null;
  readonly elapsedMs: number | null;
  /** Of the query whose own id the name is; absent where there is none. */
  readonly images: string[] | null;
  readonly isGold: boolean | null;
  /** Of the query that the lease repeats. */
  readonly repeatedImages: string[] | null;
}

/** What earlier answers say of a new one. */
export interface EarlierAnswer {
  readonly id: string;
  readonly query: string;
  readonly rater: string;
  readonly labels: Readonly<Record<string, Label>>;
  readonly purpose: Purpose;
  readonly tooFast: boolean;
  readonly isRetracted: boolean;
}

interface Reading extends Record<string, unknown> {
  readonly found: readonly Row[];
  readonly earlier: readonly EarlierAnswer[];
}

/**
 * The queries in the order of `list`, undefined where no such query was ever asked of anybody; and all answers of these
 * raters to these queries, with those that have one of these ids, in the order in which they were given.
 */
export async function readForAnswers(
  db: Database,
  { list, plan }: { list: readonly Asked[]; plan: AskingPlan },
): Promise<{ found: readonly (FoundQuery | undefined)[]; earlier: readonly EarlierAnswer[] }> {
  const { found: rows, earlier } = await readRows(db, list);
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  const found: (FoundQuery | undefined)[] = [];
  for (const [place, asked] of list.entries()) found.push(await foundBy(byPlace.get(place)!, { db, plan, asked }));
  return { found, earlier };
}

/** All answers that were ever given under that name by that rater. */
export async function earlierAnswers(db: Database, asked: Asked): Promise<readonly EarlierAnswer[]> {
  const { earlier } = await readRows(db, [asked]);
  return earlier.filter(({ query, rater }) => query === asked.query && rater === asked.rater);
}

async function readRows(db: Database, list: readonly Asked[]): Promise<Reading> {
  const asked = JSON.stringify(list.map(({ id, query, rater }, place) => ({ place, id, query, rater })));
  const { rows } = await db.execute<Reading>(sql`select found, earlier from heed_read_for_answers(${asked}::json)`);
  return rows[0]!;
}

async function foundBy(
  row: Row,
  { db, plan, asked }: { db: Database; plan: AskingPlan; asked: Asked },
): Promise<FoundQuery | undefined> {
  const elapsed = row.elapsedMs === null ? {} : { elapsedMs: row.elapsedMs };
  if (row.images) {
    // The owner knows the answers: what they say is a judgement like any other.
    const isGold = row.isGold && !isOwnerRater(asked.rater);
    const purpose = row.purpose === 'practice' ? 'practice' : isGold ? 'gold' : 'feedback';
    return { query: { id: asked.query, images: row.images }, purpose, ...elapsed };
  }
  const repeated =
    row.repeatOf !== null && row.repeatedImages !== null
      ? { id: row.repeatOf, images: row.repeatedImages }
      : await queryBehind(db, { asked, plan });
  return repeated && { query: repeated, purpose: 'repeat', repeatOf: repeated.id, ...elapsed };
}

/** The query that the rater was asked again under that name, found without a lease. */
async function queryBehind(
  db: Database,
  { asked, plan }: { asked: Asked; plan: AskingPlan },
): Promise<FoundQuery['query'] | undefined> {
  const own = await db
    .select({ query: answers.query })
    .from(answers)
    .where(and(eq(answers.rater, asked.rater), eq(answers.purpose, 'feedback')));
  const id = own.find(({ query }) => plan.aliasOf(query, asked.rater) === asked.query)?.query;
  if (id === undefined) return undefined;
  const [query] = await db.select({ id: queries.id, images: queries.images }).from(queries).where(eq(queries.id, id));
  return query;
}
