/**
 * Label Studio's JSON export: every task with all of its annotations. heed's own export for Label Studio has the same
 * format.
 */
import { z } from 'zod';
import { badInput, InputError } from '../../errors.ts';
import { quote } from '../../text/nearest.ts';
import type { Label } from '../event.ts';
import { labelOfWord } from '../import-judgements.ts';
import { notesSchema } from './notes.ts';
import type { ExportedTask, TaskAnnotation } from './task.ts';

const user = z.union([
  z.number(),
  z.string().min(1).max(200),
  z.object({ id: z.number().optional(), email: z.string().optional() }),
]);

const resultSchema = z.object({
  type: z.string(),
  value: z
    .object({ choices: z.union([z.array(z.string()), z.string().transform((choice) => [choice])]).optional() })
    .optional(),
  meta: z.object({ heed: notesSchema.optional() }).optional(),
});

const annotationSchema = z.object({
  id: z.number().optional(),
  import_id: z.number().nullish(),
  result: z.array(resultSchema),
  was_cancelled: z.boolean().nullish(),
  /** The name of the field `was_cancelled` in Label Studio before version 1.0. */
  skipped: z.boolean().nullish(),
  ground_truth: z.boolean().nullish(),
  lead_time: z.number().min(0).nullish(),
  created_at: z.string().max(40).nullish(),
  updated_at: z.string().max(40).nullish(),
  completed_by: user.nullish(),
  updated_by: user.nullish(),
  heed: notesSchema.optional(),
});

const taskSchema = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  data: z.record(z.string(), z.unknown()),
  annotations: z.array(annotationSchema),
});

type Annotation = z.output<typeof annotationSchema>;

/** Whether the object is a task of the full export, and not of the flat JSON export (JSON_MIN). */
export function isFullTask(value: unknown): boolean {
  const task = value as Record<string, unknown> | null;
  return (
    typeof task === 'object' && task !== null && ('annotations' in task || 'completions' in task || 'data' in task)
  );
}

/**
 * Reads the annotations of all tasks; predictions and drafts are ignored. Throws an error that names `path` and the
 * first bad task.
 */
export function readFullExport(tasks: readonly unknown[], path: string): ExportedTask[] {
  return tasks.map((value, i) => {
    let where = `task ${i + 1}`;
    try {
      const { id, data, annotations } = parseTask(value);
      if (id !== undefined) where += ` (id ${id})`;
      return { where, data, annotations: annotations.map(annotationOf) };
    } catch (error) {
      if (error instanceof InputError) throw badInput(`${path}, ${where}: ${error.message}`);
      throw error;
    }
  });
}

function parseTask(value: unknown): z.output<typeof taskSchema> {
  const task = value as Record<string, unknown> | null;
  // Label Studio before 1.0 called annotations completions.
  const renamed = task?.annotations === undefined && task?.completions !== undefined;
  const parsed = taskSchema.safeParse(renamed ? { ...task, annotations: task.completions } : value);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') || 'the whole task';
  throw new InputError(
    `expected a task with data and annotations as Label Studio's JSON export has them, got a bad value in ${quote(field)}`,
  );
}

function annotationOf(annotation: Annotation): TaskAnnotation {
  const { id, import_id, lead_time, created_at, updated_at, completed_by, updated_by, ground_truth } = annotation;
  const notes = annotation.heed ?? annotation.result.find(({ meta }) => meta?.heed)?.meta?.heed;
  const label = labelOf(annotation);
  // Who changed heed's own annotation there said something else than its rater.
  const isChanged = notes?.label !== undefined && notes.label !== label;
  return {
    id,
    importId: import_id ?? undefined,
    label,
    annotator: nameOf((isChanged ? updated_by : undefined) ?? completed_by),
    seconds: lead_time ?? undefined,
    createdAt: created_at ?? undefined,
    updatedAt: updated_at ?? undefined,
    isKnown: ground_truth ?? false,
    notes: isChanged ? undefined : notes,
  };
}

function labelOf({ result, was_cancelled, skipped }: Annotation): Label {
  if (was_cancelled || skipped) return 'skip';
  const choices = result.filter(({ type }) => type === 'choices').flatMap(({ value }) => value?.choices ?? []);
  if (choices.length !== 1) throw new InputError(`expected one choice, good or bad, got ${choices.length}`);
  const label = labelOfWord(choices[0]!.trim());
  if (label === undefined) throw new InputError(`expected good or bad as the choice, got ${quote(choices[0]!)}`);
  return label;
}

/** The name that a user of Label Studio gets as a rater in heed. */
export function nameOf(annotator: z.output<typeof user> | null | undefined): string | undefined {
  if (typeof annotator === 'number') return `label-studio-${annotator}`;
  // The flat exports write an id as a text.
  if (typeof annotator === 'string') return /^\d+$/.test(annotator) ? `label-studio-${annotator}` : annotator;
  if (annotator?.email) return annotator.email;
  return annotator?.id === undefined ? undefined : `label-studio-${annotator.id}`;
}
