/**
 * Imports judgements from any of Label Studio's export formats: one image per task, one choice per annotation.
 * Judgements that heed exported are recognised as heed's own; annotations that people added in Label Studio become
 * judgements by these people. Every task is checked before the first judgement is written.
 */
import { basename } from 'node:path/posix';
import { atPlace, InputError } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { quote } from '../../text/nearest.ts';
import { MAX_ANSWER_SECONDS, queryId } from '../event.ts';
import { createImageLookup, type ImageLookup } from '../image-lookup.ts';
import {
  addJudgements,
  checkTexts,
  type EventWriter,
  type FeedbackImport,
  type ImportedJudgement,
  imagesOf,
  logWriter,
  raterKindOf,
} from '../import-judgements.ts';
import { matchOwn, type OwnJudgement, readOwnJudgements } from './notes.ts';
import type { ExportedTask, TaskAnnotation } from './task.ts';

/** Imports the export at `path`. Throws an error that names the first bad task; nothing is written then. */
export async function importTasks(
  project: Project,
  tasks: readonly ExportedTask[],
  options: { path: string; rater?: string; now?: Date; write?: EventWriter; asKnown?: boolean },
): Promise<FeedbackImport> {
  const { path, rater, now = new Date(), write = logWriter(project), asKnown = false } = options;
  const images = imagesOf(project);
  const lookup = createImageLookup(images);
  const judgements: ImportedJudgement[] = [];
  let withoutLabel = 0;
  let longTimes = 0;
  for (const { where, data, annotations } of tasks) {
    try {
      const image = imageOf(data, lookup);
      const { prompt, model } = images.get(image);
      const own = matchOwn(annotations, readOwnJudgements(data));
      if (annotations.length === 0) withoutLabel++;
      for (const annotation of annotations) {
        if ((annotation.seconds ?? 0) > MAX_ANSWER_SECONDS) longTimes++;
        const facts = { image, prompt, model, own: own.get(annotation), defaultRater: rater, now };
        judgements.push({ where, ...judgementOf(annotation, facts) });
      }
    } catch (error) {
      throw atPlace(`${path}, ${where}`, error);
    }
  }
  const result = await addJudgements({ judgements, withoutLabel }, { path, write, asKnown });
  const notes = longTimes === 0 ? [] : [`answers that took more than a day, counted as a day: ${longTimes}`];
  return { ...result, notes: [...notes, ...result.notes] };
}

/**
 * Finds the image of a task: the image id in a task that heed exported, else the single image that the task's texts
 * name.
 */
function imageOf(data: ExportedTask['data'], lookup: ImageLookup): string {
  const own = typeof data.heed_image === 'string' ? lookup.find(data.heed_image) : undefined;
  if (own !== undefined) return own;
  const texts = Object.values(data).filter((value) => typeof value === 'string');
  const found = [...new Set(texts.flatMap((text) => namesIn(text).flatMap((name) => lookup.find(name) ?? [])))];
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new InputError(`expected one image in a task, got ${found.length}`);
  const shown = texts.join(' ').slice(0, 200);
  throw new InputError(`expected an image of this project in the task's data, got ${quote(shown)}`);
}

/**
 * The file names that a text may contain: the text itself, the end of a URL, a URL's query value, or an upload's name
 * without its prefix.
 */
function namesIn(text: string): string[] {
  const decoded = decode(text);
  const file = basename(/[?&]d=([^&#]*)/.exec(decoded)?.[1] ?? decoded.replace(/[?#].*$/s, ''));
  // Label Studio puts eight digits before the name of an upload.
  return [text, file, file.replace(/^[0-9a-f]{8}-/, ''), file.slice(file.lastIndexOf('-') + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function judgementOf(
  { annotator, isKnown, createdAt, updatedAt, ...annotation }: TaskAnnotation,
  facts: {
    image: string;
    prompt: string;
    model: string;
    own: OwnJudgement | undefined;
    defaultRater: string | undefined;
    now: Date;
  },
): Omit<ImportedJudgement, 'where'> {
  const { image, prompt, model, own, defaultRater, now } = facts;
  const notes = annotation.notes ?? own;
  const rater = notes?.rater ?? annotator ?? defaultRater;
  if (rater === undefined) {
    throw new InputError('expected completed_by to say who judged, or --rater, got neither');
  }
  const query = notes?.query ?? queryId(prompt, [image]);
  const { repeatOf, answer, reason, tooFast } = notes ?? {};
  const purpose = isKnown ? 'key' : notes?.purpose;
  const madeAt = notes?.time ?? updatedAt ?? createdAt;
  checkTexts({ rater, query, reason: reason ?? '' });
  return {
    isTimed: madeAt !== undefined,
    event: {
      time: readTime(madeAt, now),
      rater,
      raterKind: notes?.raterKind ?? raterKindOf(rater),
      query,
      image,
      prompt,
      model,
      label: annotation.label,
      ...(reason === undefined ? {} : { reason }),
      ...(answer === undefined ? {} : { answer }),
      ...(annotation.seconds === undefined ? {} : { seconds: Math.min(annotation.seconds, MAX_ANSWER_SECONDS) }),
      ...(purpose === undefined || purpose === 'feedback' ? {} : { purpose }),
      ...(repeatOf === undefined ? {} : { repeatOf }),
      ...(tooFast === undefined ? {} : { tooFast }),
    },
  };
}

function readTime(text: string | undefined, now: Date): string {
  if (text === undefined) return now.toISOString();
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw new InputError(`created_at must be like 2026-01-31T09:30:00Z, got ${quote(text)}`);
  }
  return time.toISOString();
}
