/**
 * Records heed's own judgements in the data of a Label Studio task, and recognises these judgements in a later export.
 * Label Studio assigns every imported annotation to the importing user and to the time of the import, and drops other
 * fields. Label Studio keeps a task's data in every export.
 */
import { z } from 'zod';
import { type FeedbackEvent, LABELS, PURPOSES } from '../event.ts';

/**
 * The key of heed's own judgements in a task's data. The value under this key is JSON text, so that it also survives a
 * CSV export.
 */
export const OWN_JUDGEMENTS = 'heed_judgements';

const name = z.string().min(1).max(200);

/** The facts of a judgement for which Label Studio has no field. */
export const notesSchema = z.object({
  rater: name,
  raterKind: z.enum(['human', 'simulated']).optional(),
  query: name.optional(),
  purpose: z.enum(PURPOSES).optional(),
  repeatOf: name.optional(),
  answer: name.optional(),
  reason: z.string().max(2000).optional(),
  tooFast: z.literal(true).optional(),
  /**
   * The label that heed exported; if the annotation now has another choice, someone changed it and becomes its rater.
   */
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

/** A judgement that heed made or collected itself, as stored in a task's data. */
export type OwnJudgement = z.output<typeof ownSchema>;

/** Formats judgements as the JSON text that is stored in the task's data. */
export function formatOwnJudgements(own: readonly OwnJudgement[]): string {
  return JSON.stringify(own);
}

/**
 * Reads heed's judgements from a task's data; an empty list if the data contains no such judgements, or if their text
 * is damaged.
 */
export function readOwnJudgements(data: Readonly<Record<string, unknown>>): OwnJudgement[] {
  const text = data[OWN_JUDGEMENTS];
  if (typeof text !== 'string') return [];
  try {
    return z.array(ownSchema).parse(JSON.parse(text));
  } catch {
    return [];
  }
}

/** The fields by which an annotation is compared with heed's own judgements. */
export interface Comparable {
  readonly id?: number | undefined;
  /** The annotation's id in the file that was imported into Label Studio, if the export contains it. */
  readonly importId?: number | undefined;
  readonly label: FeedbackEvent['label'] | undefined;
  readonly seconds?: number | undefined;
}

/**
 * Finds those annotations of a task that are unchanged judgements exported by heed. Annotations are matched by their id
 * in the imported file, else by order, because Label Studio numbers annotations in the order of the file. An annotation
 * whose label or time differs was changed in Label Studio.
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
