/** People's judgements out of a CSV: every row is checked before the first is written, and all are written at once. */
import { InputError } from '../errors.ts';
import { type CsvRow, readCsv } from '../files/read-csv.ts';
import { faultOfLine, faultOfText } from '../files/read-text.ts';
import type { ImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import { type FeedbackEvent, LABELS, MAX_ANSWER_SECONDS, PURPOSES, queryId } from './event.ts';
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

export type { FeedbackImport } from './import-judgements.ts';

const COLUMNS = ['rater', 'query', 'reason', 'time', 'purpose', 'repeatof', 'toofast', 'seconds'] as const;
type Column = 'image' | 'label' | (typeof COLUMNS)[number];

/** Imports `path`; throws a sentence with the line of the first bad row, and then nothing was written. */
export async function importFeedback(
  project: Project,
  path: string,
  options: { rater?: string; now?: Date; write?: EventWriter; asKnown?: boolean } = {},
): Promise<FeedbackImport> {
  const { rater, now = new Date(), write = logWriter(project), asKnown = false } = options;
  const images = imagesOf(project);
  const rows = await readCsv<Column, ImportedJudgement | undefined>(path, {
    what: 'a CSV of judgements',
    columns: {
      required: ['image', 'label'],
      optional: COLUMNS,
      allowOthers: true,
    },
    parseRow: (row) => parseRow(row, { images, defaultRater: rater, now }),
  });
  const judgements = rows.filter((row) => row !== undefined);
  return addJudgements({ judgements, withoutLabel: rows.length - judgements.length }, { path, write, asKnown });
}

function parseRow(
  { line, cells }: CsvRow<Column>,
  { images, defaultRater, now }: { images: ImageStore; defaultRater: string | undefined; now: Date },
): ImportedJudgement | undefined {
  const id = /^(?:.*\/)?([0-9a-f]{16})(?:\.png)?$/.exec(cells.image)?.[1];
  if (id === undefined || !images.has(id)) {
    throw new InputError(`expected the id of an image of this project, got ${quote(cells.image)}`);
  }
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
  for (const [name, text, maxLength] of [
    ['rater', rater, 200],
    ['query', query, 200],
    ['reason', cells.reason, 2000],
  ] as const) {
    const fault = name === 'reason' ? faultOfText(text, { maxLength }) : faultOfLine(text, { maxLength });
    if (fault !== undefined) throw new InputError(`${name}: ${fault}`);
  }
  return {
    where: `line ${line}`,
    event: {
      time: readTime(cells.time, now),
      rater,
      raterKind: raterKindOf(rater),
      query,
      image: id,
      prompt,
      model,
      label,
      ...(cells.reason === '' ? {} : { reason: cells.reason }),
      ...readMeasures(cells),
    },
  };
}

/** What an export of heed's own says besides: what was asked for, and how long the answer took. */
function readMeasures(
  cells: Readonly<Record<Column, string>>,
): Pick<FeedbackEvent, 'purpose' | 'repeatOf' | 'tooFast' | 'seconds'> {
  const purpose = PURPOSES.find((name) => name === (cells.purpose || 'feedback'));
  if (purpose === undefined) {
    throw new InputError(`unknown purpose ${quote(cells.purpose)}, expected one of ${PURPOSES.join(', ')}`);
  }
  const seconds = Number(cells.seconds);
  if (!(seconds >= 0 && seconds <= MAX_ANSWER_SECONDS)) {
    throw new InputError(`seconds must be a number from 0 to ${MAX_ANSWER_SECONDS}, got ${quote(cells.seconds)}`);
  }
  const fault = faultOfLine(cells.repeatof, { maxLength: 200 });
  if (fault !== undefined) throw new InputError(`repeatOf: ${fault}`);
  return {
    ...(purpose === 'feedback' ? {} : { purpose }),
    ...(cells.repeatof === '' ? {} : { repeatOf: cells.repeatof }),
    ...(cells.toofast === 'true' ? { tooFast: true } : {}),
    ...(cells.seconds === '' ? {} : { seconds }),
  };
}

function readTime(cell: string, now: Date): string {
  if (cell === '') return now.toISOString();
  const time = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$/.test(cell) ? new Date(cell) : undefined;
  if (!time || Number.isNaN(time.getTime())) {
    throw new InputError(`time must be like 2026-01-31T09:30:00Z, got ${quote(cell)}`);
  }
  return time.toISOString();
}
