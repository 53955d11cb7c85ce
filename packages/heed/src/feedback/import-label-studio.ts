/**
 * Judgements out of Label Studio's JSON export: one image a task, one choice an annotation. Takes what heed exported and
 * what people have added to it, from several annotators. Every task is checked before the first judgement is written.
 */
import { z } from 'zod';
import { atPlace, badInput, InputError } from '../errors.ts';
import { faultOfLine, faultOfText, readTextFile } from '../files/read-text.ts';
import type { ImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { quote } from '../text/nearest.ts';
import { type Label, MAX_ANSWER_SECONDS, PURPOSES, queryId } from './event.ts';
import {
  addJudgements,
  type EventWriter,
  type FeedbackImport,
  type ImportedJudgement,
  imagesOf,
  labelOfWord,
  logWriter,
  raterKindOf,
} from './import-judgements.ts';

const name = z.string().min(1).max(200);

const notesSchema = z.object({
  rater: name,
  raterKind: z.enum(['human', 'simulated']).optional(),
  query: name.optional(),
  purpose: z.enum(PURPOSES).optional(),
  repeatOf: name.optional(),
  answer: name.optional(),
  reason: z.string().max(2000).optional(),
  tooFast: z.literal(true).optional(),
});

const resultSchema = z.object({
  type: z.string(),
  value: z.object({ choices: z.array(z.string()).optional() }).optional(),
  meta: z.object({ heed: notesSchema.optional() }).optional(),
});

const annotationSchema = z.object({
  result: z.array(resultSchema),
  was_cancelled: z.boolean().nullish(),
  ground_truth: z.boolean().nullish(),
  lead_time: z.number().min(0).max(MAX_ANSWER_SECONDS).nullish(),
  created_at: z.string().max(40).nullish(),
  completed_by: z.union([z.number(), z.object({ id: z.number().optional(), email: z.string().optional() })]).nullish(),
  heed: notesSchema.optional(),
});

const taskSchema = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  data: z.record(z.string(), z.unknown()),
  annotations: z.array(annotationSchema),
});

type Task = z.output<typeof taskSchema>;
type Annotation = z.output<typeof annotationSchema>;

/** Imports `path`; throws a sentence that names the first bad task, and then nothing was written. */
export async function importLabelStudio(
  project: Project,
  path: string,
  options: { now?: Date; write?: EventWriter; asKnown?: boolean } = {},
): Promise<FeedbackImport> {
  const { now = new Date(), write = logWriter(project), asKnown = false } = options;
  const images = imagesOf(project);
  const tasks = parseList(await readTextFile(path, 'tasks of Label Studio'), path);
  const judgements: ImportedJudgement[] = [];
  let withoutLabel = 0;
  for (const [i, value] of tasks.entries()) {
    let where = `task ${i + 1}`;
    try {
      const task = parseTask(value);
      if (task.id !== undefined) where += ` (id ${task.id})`;
      const image = imageOf(task, images);
      if (task.annotations.length === 0) withoutLabel++;
      for (const annotation of task.annotations) {
        judgements.push({ where, event: eventOf(annotation, { image, images, now }) });
      }
    } catch (error) {
      throw atPlace(`${path}, ${where}`, error);
    }
  }
  return addJudgements({ judgements, withoutLabel }, { path, write, asKnown });
}

function parseList(text: string, path: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badInput(`${path}: expected JSON, got a mistake in it`);
  }
  if (!Array.isArray(value)) throw badInput(`${path}: expected a list of tasks, got another value`);
  return value;
}

function parseTask(value: unknown): Task {
  const parsed = taskSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.') || 'the whole task';
  throw new InputError(
    `expected a task with data and annotations as Label Studio's JSON export has them, got a bad value in ${quote(field)}`,
  );
}

/** Named outright in a task of heed's own, else the one text of the task that ends like the name of an image. */
function imageOf({ data }: Task, images: ImageStore): string {
  const own = data.heed_image;
  const texts = typeof own === 'string' ? [own] : Object.values(data).filter((value) => typeof value === 'string');
  const named = texts.flatMap((text) => /(?:^|[/\\=-])([0-9a-f]{16})(?:\.png)?$/.exec(text)?.[1] ?? []);
  const found = [...new Set(named)].filter((id) => images.has(id));
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new InputError(`expected one image in a task, got ${found.length}`);
  throw new InputError(
    `expected an image of this project in the task's data, got ${quote(texts.join(' ').slice(0, 200))}`,
  );
}

function eventOf(
  annotation: Annotation,
  { image, images, now }: { image: string; images: ImageStore; now: Date },
): ImportedJudgement['event'] {
  const notes = annotation.heed ?? annotation.result.find(({ meta }) => meta?.heed)?.meta?.heed;
  const rater = notes?.rater ?? annotatorOf(annotation);
  const { prompt, model } = images.get(image);
  const query = notes?.query ?? queryId(prompt, [image]);
  const purpose = annotation.ground_truth ? 'key' : notes?.purpose;
  for (const [field, text, maxLength] of [
    ['rater', rater, 200],
    ['query', query, 200],
    ['reason', notes?.reason ?? '', 2000],
  ] as const) {
    const fault = field === 'reason' ? faultOfText(text, { maxLength }) : faultOfLine(text, { maxLength });
    if (fault !== undefined) throw new InputError(`${field}: ${fault}`);
  }
  const { repeatOf, answer, reason, tooFast } = notes ?? {};
  return {
    time: readTime(annotation.created_at ?? undefined, now),
    rater,
    raterKind: notes?.raterKind ?? raterKindOf(rater),
    query,
    image,
    prompt,
    model,
    label: labelOf(annotation),
    ...(reason === undefined ? {} : { reason }),
    ...(answer === undefined ? {} : { answer }),
    ...(typeof annotation.lead_time === 'number' ? { seconds: annotation.lead_time } : {}),
    ...(purpose === undefined || purpose === 'feedback' ? {} : { purpose }),
    ...(repeatOf === undefined ? {} : { repeatOf }),
    ...(tooFast === undefined ? {} : { tooFast }),
  };
}

function labelOf({ result, was_cancelled }: Annotation): Label {
  if (was_cancelled) return 'skip';
  const choices = result.filter(({ type }) => type === 'choices').flatMap(({ value }) => value?.choices ?? []);
  if (choices.length !== 1) throw new InputError(`expected one choice, good or bad, got ${choices.length}`);
  const label = labelOfWord(choices[0]!);
  if (label === undefined) throw new InputError(`expected good or bad as the choice, got ${quote(choices[0]!)}`);
  return label;
}

function annotatorOf({ completed_by: annotator }: Annotation): string {
  if (typeof annotator === 'number') return `label-studio-${annotator}`;
  if (annotator?.email) return annotator.email;
  if (annotator?.id !== undefined) return `label-studio-${annotator.id}`;
  throw new InputError('expected completed_by to say who judged, got nobody');
}

function readTime(text: string | undefined, now: Date): string {
  if (text === undefined) return now.toISOString();
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InputError(`created_at must be like 2026-01-31T09:30:00Z, got ${quote(text)}`);
  return time.toISOString();
}
