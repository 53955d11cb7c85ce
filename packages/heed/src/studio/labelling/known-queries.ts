/** The queries whose answer is known, for the owner to look at. */
import { asc, inArray, isNotNull } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import { gold, queries } from '../storage/schema.ts';

export interface KnownQuery {
  readonly id: string;
  readonly prompt: string;
  /** For the practice round of every rater; the others are mixed in without a word. */
  readonly isPractice: boolean;
  /** The answer is the emoji world's recogniser's, not a person's. */
  readonly isSimulated: boolean;
  readonly images: readonly { readonly image: string; readonly label: 'good' | 'bad'; readonly why?: string }[];
}

/** In the order in which they were marked. */
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
