/** What a rater is told after an answer of the practice round. */
import { inArray } from 'drizzle-orm';
import type { Label } from '../../feedback/index.ts';
import type { Database } from '../storage/database.ts';
import { gold } from '../storage/schema.ts';

export interface PracticeFeedback {
  /** In the order in which they were shown. */
  readonly images: readonly {
    readonly given: Label;
    readonly expected: 'good' | 'bad';
    /** In the words of the owner who marked it. */
    readonly why?: string;
  }[];
}

/** Undefined where the known answer was removed in the meantime. */
export async function practiceFeedback(
  db: Database,
  { images, labels }: { images: readonly string[]; labels: Readonly<Record<string, Label>> },
): Promise<PracticeFeedback | undefined> {
  const rows = await db
    .select()
    .from(gold)
    .where(inArray(gold.image, [...images]));
  const byImage = new Map(rows.map((row) => [row.image, row]));
  if (images.some((image) => !byImage.has(image))) return undefined;
  return {
    images: images.map((image) => {
      const { label: expected, why } = byImage.get(image)!;
      return { given: labels[image] ?? 'skip', expected, ...(why === null ? {} : { why }) };
    }),
  };
}
