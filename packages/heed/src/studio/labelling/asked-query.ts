/** Finds the queries behind the names they were asked under, and what for. Leases say it first; they can be gone. */
import { and, eq, sql } from 'drizzle-orm';
import type { Purpose } from '../../feedback/index.ts';
import { isOwnerRater } from '../auth/sessions.ts';
import type { Database } from '../storage/database.ts';
import { answers, queries } from '../storage/schema.ts';
import type { AskingPlan } from './asking-plan.ts';

export interface FoundQuery {
  readonly query: { readonly id: string; readonly images: readonly string[] };
  readonly purpose: Purpose;
  /** The query's own id, where it was asked again. */
  readonly repeatOf?: string;
  /** Since the rater's page said that it shows the query, else since it was handed out; absent without a lease. */
  readonly elapsedMs?: number;
}

/** A query by the name under which a rater was asked it. */
export interface Asked {
  readonly query: string;
  readonly rater: string;
}

interface Row extends Record<string, unknown> {
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

/** In the order of `list`, in one statement; undefined where no such query was ever asked of anybody. */
export async function findAskedQueries(
  db: Database,
  { list, plan }: { list: readonly Asked[]; plan: AskingPlan },
): Promise<(FoundQuery | undefined)[]> {
  const wanted = JSON.stringify(list.map(({ query, rater }, place) => ({ place, query, rater })));
  const { rows } = await db.execute<Row>(sql`
    select w.place, l.purpose, l.repeat_of as "repeatOf",
      (extract(epoch from now() - coalesce(l.shown_at, l.handed_at)) * 1000)::double precision as "elapsedMs",
      q.images, q.gold_since is not null as "isGold", r.images as "repeatedImages"
    from jsonb_to_recordset(${wanted}::jsonb) as w(place int, query text, rater text)
    left join leases l on l.query = w.query and l.rater = w.rater
    left join queries q on q.id = w.query
    left join queries r on r.id = l.repeat_of`);
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  const found: (FoundQuery | undefined)[] = [];
  for (const [place, asked] of list.entries()) found.push(await foundBy(byPlace.get(place)!, { db, plan, asked }));
  return found;
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
