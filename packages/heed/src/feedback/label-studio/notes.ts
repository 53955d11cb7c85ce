/**
 * What heed writes into a task of Label Studio about judgements that are its own, and how they are found again. Label
 * Studio gives every annotation of an import to the user who imports it, at the time of the import, and drops what
 * stands beside it. It keeps the task's data in every export.
 */
import { z } from 'zod';
import { type FeedbackEvent, LABELS, PURPOSES } from '../event.ts';

/** The key in a task's data. Its value is a text of JSON, so that it passes through CSV as well. */
export const OWN_JUDGEMENTS = 'heed_judgements';

const name = z.string().min(1).max(200);

/** What Label Studio has no field for. */
export const notesSchema = z.object({
  rater: name,
  raterKind: z.enum(['human', 'simulated']).optional(),
  query: name.optional(),
  purpose: z.enum(PURPOSES).optional(),
  repeatOf: name.optional(),
  answer: name.optional(),
  reason: z.string().max(2000).optional(),
  tooFast: z.literal(true).optional(),
  /** As it was exported: who changed the choice since is another rater. */
  label: z.enum(LABELS).optional(),
  time: z.iso.datetime().optional(),
});

export type Notes = z.output<typeof notesSchema>;

const ownSchema = notesSchema.extend({
  /** The annotation's id in the exported file. */
  annotation: z.int(),
  label: z.enum(LABELS),
  seconds: z.number().min(0).nullable(),
});

/** A judgement of heed's own in a task. */
export type OwnJudgement = z.output<typeof ownSchema>;

/** The text that goes into the task's data. */
export function formatOwnJudgements(own: readonly OwnJudgement[]): string {
  return JSON.stringify(own);
}

/** The judgements that the data tells of; none where it tells of none, or of something else. */
export function readOwnJudgements(data: Readonly<Record<string, unknown>>): OwnJudgement[] {
  const text = data[OWN_JUDGEMENTS];
  if (typeof text !== 'string') return [];
  try {
    return z.array(ownSchema).parse(JSON.parse(text));
  } catch {
    return [];
  }
}

/** An annotation as far as it is compared. */
export interface Comparable {
  readonly id?: number | undefined;
  /** The annotation's id in the file that was imported into Label Studio, where it tells. */
  readonly importId?: number | undefined;
  readonly label: FeedbackEvent['label'] | undefined;
  readonly seconds?: number | undefined;
}

/**
 * Which of a task's annotations are judgements of heed's own, unchanged: by their number in the imported file, else by
 * their order, for Label Studio numbers annotations in the order of the file. One whose label or time differs was
 * changed by somebody there.
 */
export function matchOwn<T extends Comparable>(
  annotations: readonly T[],
  own: readonly OwnJudgement[],
): Map<T, OwnJudgement> {
  const found = new Map<T, OwnJudgement>();
  const isSame = ({ label, seconds }: T, judgement: OwnJudgement) =>
    label === judgement.label && (seconds ?? null) === judgement.seconds;
  const tells = annotations.some(({ importId }) => importId !== undefined);
  if (tells) {
    for (const annotation of annotations) {
      const judgement = own.find(({ annotation: id }) => id === annotation.importId);
      if (judgement && isSame(annotation, judgement)) found.set(annotation, judgement);
    }
    return found;
  }
  const open = annotations.toSorted((a, b) => (a.id ?? 0) - (b.id ?? 0));
  for (const judgement of own) {
    const at = open.findIndex((annotation) => isSame(annotation, judgement));
    if (at < 0) continue;
    found.set(open[at]!, judgement);
    open.splice(0, at + 1);
  }
  return found;
}
