/** What a rater is shown after an answer in the practice round: the known answer beside the rater's answer. */
import { inArray } from 'drizzle-orm';
import type { Label } from '../../feedback/index.ts';
import type { Database } from '../storage/database.ts';
import { gold } from '../storage/schema.ts';

export interface PracticeFeedback {
  /** Images in the order of display. */
  readonly images: readonly {
    readonly given: Label;
    readonly expected: 'good' | 'bad';
    /** The owner's reason for the right answer. */
    readonly why?: string;
  }[];
}

/** Returns the feedback; undefined when the known answer has been withdrawn. */
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
