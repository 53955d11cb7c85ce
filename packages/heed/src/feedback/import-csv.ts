/**
 * Imports people's judgements from a CSV. Every row is checked before any row is written, and all rows are written
 * together.
 */
import { badInput, InputError } from '../errors.ts';
import { type CsvRow, readCsv } from '../files/read-csv.ts';
import { faultOfLine } from '../files/read-text.ts';
import { looksLikeNumber } from '../files/spreadsheet-cells.ts';
import type { ImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import { type FeedbackEvent, LABELS, MAX_ANSWER_SECONDS, PURPOSES, queryId } from './event.ts';
import { createImageLookup, type ImageLookup } from './image-lookup.ts';
import {
  addJudgements,
  checkTexts,
  type EventWriter,
  type FeedbackImport,
  type ImportedJudgement,
  imagesOf,
  labelOfWord,
  logWriter,
  raterKindOf,
} from './import-judgements.ts';
import { readTime } from './read-time.ts';

export type { FeedbackImport } from './import-judgements.ts';

const OPTIONAL = [
  'image',
  'file',
  'rater',
  'query',
  'reason',
  'time',
  'purpose',
  'repeatof',
  'toofast',
  'seconds',
] as const;
type Column = 'label' | (typeof OPTIONAL)[number];

/** A row of the CSV file that names no image of the project. */
interface UnknownImage {
  readonly line: number;
  readonly cell: string;
}

/**
 * Imports the judgements of the CSV file at `path`. For a bad row an error with the line number is thrown, and nothing
 * is written.
 */
export async function importFeedback(
  project: Project,
  path: string,
  options: { rater?: string; now?: Date; write?: EventWriter; asKnown?: boolean } = {},
): Promise<FeedbackImport> {
  const { rater, now = new Date(), write = logWriter(project), asKnown = false } = options;
  const images = imagesOf(project);
  const lookup = createImageLookup(images);
  const unknown: UnknownImage[] = [];
  const notes = { changedIds: 0, longTimes: 0 };
  const rows = await readCsv<Column, ImportedJudgement | undefined>(path, {
    what: 'a CSV of judgements',
    columns: {
      required: ['label'],
      optional: OPTIONAL,
      oneOf: ['image', 'file'],
      aliases: { image_id: 'image', image_uid: 'image', file_name: 'file', filename: 'file', path: 'file' },
      allowOthers: true,
    },
    parseRow({ line, cells }) {
      // A spreadsheet can corrupt the id but leave the file's name intact.
      const named = lookup.find(cells.image);
      const id = named ?? (cells.file === '' ? undefined : lookup.find(cells.file));
      if (id === undefined) {
        unknown.push({ line, cell: cells.image || cells.file });
        return undefined;
      }
      if (named === undefined && looksLikeNumber(cells.image)) notes.changedIds++;
      return judgementOf({ line, cells }, { id, images, defaultRater: rater, now, notes });
    },
  });
  refuseUnknown(unknown, { path, lookup });
  const judgements = rows.filter((row) => row !== undefined);
  const result = await addJudgements(
    { judgements, withoutLabel: rows.length - judgements.length },
    { path, write, asKnown },
  );
  return { ...result, notes: [...sentencesOf(notes), ...result.notes] };
}

function refuseUnknown(
  unknown: readonly UnknownImage[],
  { path, lookup }: { path: string; lookup: ImageLookup },
): void {
  const [first, ...others] = unknown;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `; ${others.length} more rows name no image`;
  throw badInput(
    `${path}, line ${first.line}: expected the id of an image of this project, got ${quote(first.cell)}${lookup.cause(first.cell)}${more}`,
  );
}

function sentencesOf({ changedIds, longTimes }: { changedIds: number; longTimes: number }): string[] {
  return [
    ...(changedIds === 0 ? [] : [`ids that a spreadsheet has changed, found by the file's name: ${changedIds}`]),
    ...(longTimes === 0 ? [] : [`answers that took more than a day, counted as a day: ${longTimes}`]),
  ];
}

function judgementOf(
  { line, cells }: CsvRow<Column>,
  context: {
    id: string;
    images: ImageStore;
    defaultRater: string | undefined;
    now: Date;
    notes: { longTimes: number };
  },
): ImportedJudgement | undefined {
  const { id, images, defaultRater, now, notes } = context;
  if (cells.label === '') return undefined;
  const label = labelOfWord(cells.label);
  if (label === undefined) {
    const hint = didYouMean(cells.label, LABELS) || `, expected one of ${LABELS.join(', ')}`;
    throw new InputError(`unknown label ${quote(cells.label)}${hint}`);
  }
  const rater = cells.rater || defaultRater;
  if (rater === undefined)
    throw new InputError('expected a rater in the row, or one for all rows with --rater, got neither');
  const { prompt, model } = images.get(id);
  const query = cells.query || queryId(prompt, [id]);
  const reason = cells.reason.replaceAll('\r\n', '\n');
  checkTexts({ rater, query, reason });
  return {
    where: `line ${line}`,
    isTimed: cells.time !== '',
    event: {
      time: readTime(cells.time, now),
      rater,
      raterKind: raterKindOf(rater),
      query,
      image: id,
      prompt,
      model,
      label,
      ...(reason === '' ? {} : { reason }),
      ...readMeasures(cells, notes),
    },
  };
}

/** Reads the extra columns of heed's own exports: purpose and answer time. */
function readMeasures(
  cells: Readonly<Record<Column, string>>,
  notes: { longTimes: number },
): Pick<FeedbackEvent, 'purpose' | 'repeatOf' | 'tooFast' | 'seconds'> {
  const purpose = PURPOSES.find((name) => name === (cells.purpose || 'feedback'));
  if (purpose === undefined) {
    throw new InputError(`unknown purpose ${quote(cells.purpose)}, expected one of ${PURPOSES.join(', ')}`);
  }
  // European spreadsheets write 4,25.
  const seconds = Number(cells.seconds.replace(',', '.'));
  if (!(seconds >= 0)) throw new InputError(`seconds must be a number from 0, got ${quote(cells.seconds)}`);
  if (seconds > MAX_ANSWER_SECONDS) notes.longTimes++;
  const fault = faultOfLine(cells.repeatof, { maxLength: 200 });
  if (fault !== undefined) throw new InputError(`repeatOf: ${fault}`);
  return {
    ...(purpose === 'feedback' ? {} : { purpose }),
    ...(cells.repeatof === '' ? {} : { repeatOf: cells.repeatof }),
    // TRUE may be in the spreadsheet's language. heed leaves the cell empty when the value is false.
    ...(/^(false|0)?$/i.test(cells.toofast) ? {} : { tooFast: true }),
    ...(cells.seconds === '' ? {} : { seconds: Math.min(seconds, MAX_ANSWER_SECONDS) }),
  };
}
