/** People's judgements out of a CSV: every row is checked before the first is written, and all are written at once. */
import { badInput } from '../errors.ts';
import { type CsvRow, readCsv } from '../files/read-csv.ts';
import { faultOfLine } from '../files/read-text.ts';
import { createImageStore, type ImageStore } from '../images/store.ts';
import { withLock } from '../project/lock.ts';
import type { Project } from '../project/project.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import { type FeedbackEvent, LABELS, type Label, queryId, revisedEventId } from './event.ts';
import { lastWords } from './judgements.ts';
import { openFeedbackLog } from './log.ts';

export interface FeedbackImport {
  readonly added: number;
  /** Rows that say what the log already says. */
  readonly unchanged: number;
  /** Rows whose label cell is empty: a sheet that is not filled in to its end. */
  readonly withoutLabel: number;
}

type Column = 'image' | 'label' | 'rater' | 'query' | 'reason' | 'time';

interface Row {
  readonly line: number;
  readonly event: Omit<FeedbackEvent, 'id'>;
}

const LABEL_OF_CELL: Readonly<Record<string, Label>> = {
  good: 'good',
  bad: 'bad',
  skip: 'skip',
  '1': 'good',
  '0': 'bad',
};
const SIMULATED_RATER = /^simulated-\d+$/;

/** Imports `path`; throws a sentence with the line of the first bad row, and then nothing was written. */
export async function importFeedback(
  project: Project,
  path: string,
  options: { rater?: string; now?: Date } = {},
): Promise<FeedbackImport> {
  const { rater, now = new Date() } = options;
  const images = createImageStore(project.paths.images);
  const rows = await readCsv<Column, Row | undefined>(path, {
    what: 'a CSV of judgements',
    columns: {
      required: ['image', 'label'],
      optional: ['rater', 'query', 'reason', 'time'],
      allowOthers: true,
    },
    parseRow: (row) => parseRow(row, { images, defaultRater: rater, now }),
  });
  const labelled = rows.filter((row) => row !== undefined);
  refuseContradictions(labelled, path);
  return withLock(project, 'label', async () => {
    const log = openFeedbackLog(project.paths.feedback);
    try {
      const changed = changes(labelled, await log.read());
      const added = await log.append(changed);
      return { added, unchanged: labelled.length - added, withoutLabel: rows.length - labelled.length };
    } finally {
      await log.close();
    }
  });
}

function parseRow(
  { line, cells }: CsvRow<Column>,
  { images, defaultRater, now }: { images: ImageStore; defaultRater: string | undefined; now: Date },
): Row | undefined {
  const id = /^(?:.*\/)?([0-9a-f]{16})(?:\.png)?$/.exec(cells.image)?.[1];
  if (id === undefined || !images.has(id)) {
    throw new Error(`expected the id of an image of this project, got ${quote(cells.image)}`);
  }
  if (cells.label === '') return undefined;
  const label = LABEL_OF_CELL[cells.label.toLowerCase()];
  if (label === undefined) {
    const hint = didYouMean(cells.label, LABELS) || `, expected one of ${LABELS.join(', ')}`;
    throw new Error(`unknown label ${quote(cells.label)}${hint}`);
  }
  const rater = cells.rater || defaultRater;
  if (rater === undefined)
    throw new Error('expected a rater in the row, or one for all rows with --rater, got neither');
  const { prompt, model } = images.get(id);
  const query = cells.query || queryId(prompt, [id]);
  for (const [name, text, maxLength] of [
    ['rater', rater, 200],
    ['query', query, 200],
    ['reason', cells.reason, 2000],
  ] as const) {
    const fault = faultOfLine(text, { maxLength });
    if (fault !== undefined) throw new Error(`${name}: ${fault}`);
  }
  return {
    line,
    event: {
      time: readTime(cells.time, now),
      rater,
      raterKind: SIMULATED_RATER.test(rater) ? 'simulated' : 'human',
      query,
      image: id,
      prompt,
      model,
      label,
      ...(cells.reason === '' ? {} : { reason: cells.reason }),
    },
  };
}

function readTime(cell: string, now: Date): string {
  if (cell === '') return now.toISOString();
  const time = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$/.test(cell) ? new Date(cell) : undefined;
  if (!time || Number.isNaN(time.getTime())) {
    throw new Error(`time must be like 2026-01-31T09:30:00Z, got ${quote(cell)}`);
  }
  return time.toISOString();
}

/** What differs from the last words in the log; a rater who changes their mind gets a new event, never a rewritten one. */
function changes(rows: readonly Row[], log: readonly FeedbackEvent[]): FeedbackEvent[] {
  const key = ({ rater, image }: Pick<FeedbackEvent, 'rater' | 'image'>) => JSON.stringify([rater, image]);
  const last = new Map(lastWords(log).map((event) => [key(event), event]));
  const times = new Map<string, number>();
  for (const event of log) times.set(key(event), (times.get(key(event)) ?? 0) + 1);
  return rows.flatMap(({ event }) => {
    const earlier = last.get(key(event));
    if (earlier && earlier.label === event.label && earlier.reason === event.reason) return [];
    const revision = times.get(key(event)) ?? 0;
    return [{ id: revisedEventId(event, revision), ...event }];
  });
}

function refuseContradictions(rows: readonly Row[], path: string): void {
  const lineOf = new Map<string, number>();
  for (const { line, event } of rows) {
    const key = JSON.stringify([event.rater, event.image]);
    const earlier = lineOf.get(key);
    if (earlier !== undefined) {
      throw badInput(
        `${path}, line ${line}: expected one judgement of image ${event.image} by ${quote(event.rater)}, got a second (line ${earlier})`,
      );
    }
    lineOf.set(key, line);
  }
}
