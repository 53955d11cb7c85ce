/**
 * Reads the data for decisions on answers: the query for each id that was asked, the purpose of the query, and earlier
 * answers. A lease has the query and purpose too, but the lease can have expired.
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
  /** For a repeated query, the id of the original query; otherwise undefined. */
  readonly repeatOf?: string;
  /**
   * Time since the rater's page showed the query, or since the query was leased if no such time is stored; undefined
   * without a lease.
   */
  readonly elapsedMs?: number;
}

/** An answer's id and rater, and the id under which the rater was asked the query. */
export interface Asked {
  readonly id: string;
  readonly query: string;
  readonly rater: string;
}

interface Row {
  readonly place: number;
  /** Purpose of the query; null without a lease. */
  readonly purpose: Purpose | null;
  readonly repeatOf: string | null;
  readonly elapsedMs: number | null;
  /** Images of the query with the asked id; null when no query has this id, as for a repeated query. */
  readonly images: string[] | null;
  readonly isGold: boolean | null;
  /** If the rater was asked a repeated query, the images of the original query. */
  readonly repeatedImages: string[] | null;
}

/** The facts of an earlier answer that affect the decision on a new answer. */
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
 * Returns the queries in the order of `list`; undefined for a query that was never asked. The result also has all
 * stored answers that have one of these ids, or that these raters gave to these queries, in order of time.
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

/** Reads all answers, including retracted ones, that the rater gave under the query id in `asked`. */
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
    // The owner knows the answers, so their labels count as ordinary judgements.
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

/** Finds the original query of a repeated query when no lease on the repeated query is left. */
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
