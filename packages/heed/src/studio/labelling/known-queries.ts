/** Lists the queries with known answers for the owner. */
import { asc, inArray, isNotNull } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import { gold, queries } from '../storage/schema.ts';

export interface KnownQuery {
  readonly id: string;
  readonly prompt: string;
  /**
   * Whether every rater practises with this query. Other queries with known answers are mixed into the ordinary
   * queries, and raters are not told which.
   */
  readonly isPractice: boolean;
  /** Whether the answer came from the emoji world's recogniser, not from a person. */
  readonly isSimulated: boolean;
  readonly images: readonly { readonly image: string; readonly label: 'good' | 'bad'; readonly why?: string }[];
}

/** Lists the queries with known answers in the order in which they were marked. */
export async function knownQueries(db: Database, options: { practiceQueries: number }): Promise<KnownQuery[]> {
  const found = await db
    .select()
    .from(queries)
    .where(isNotNull(queries.goldSince))
    .orderBy(asc(queries.goldSince), asc(queries.id));
  const ids = found.flatMap(({ images }) => images);
  const rows = ids.length === 0 ? [] : await db.select().from(gold).where(inArray(gold.image, ids));
  const byImage = new Map(rows.map((row) => [row.image, row]));
  return found.map(({ id, prompt, images }, i) => ({
    id,
    prompt,
    isPractice: i < options.practiceQueries,
    isSimulated: images.some((image) => !byImage.get(image)!.isHuman),
    images: images.map((image) => {
      const { label, why } = byImage.get(image)!;
      return { image, label, ...(why === null ? {} : { why }) };
    }),
  }));
}
