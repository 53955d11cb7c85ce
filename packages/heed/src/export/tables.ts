/** Images and judgements of a project as CSV, for spreadsheets, R and pandas. */
import { openFeedbackLog } from '../feedback/log.ts';
import { writeCsv } from '../files/write-csv.ts';
import { createImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';

/** What an export wrote. */
export interface TableExport {
  readonly file: string;
  readonly rows: number;
}

/** One row an image record, with its whole recipe. */
export async function exportImages(project: Project, file: string): Promise<TableExport> {
  const records = createImageStore(project.paths.images).all();
  await writeCsv(
    file,
    [
      'image',
      'file',
      'set',
      'prompt',
      'category',
      'seen',
      'object',
      'colour',
      'count',
      'background',
      'seed',
      'model',
      'modelHash',
      'sampler',
      'steps',
      'guidanceScale',
      'width',
      'height',
    ],
    records.map(({ id, attributes, ...record }) => ({ image: id, ...attributes, ...record })),
  );
  return { file, rows: records.length };
}

/** One row a judgement, in the order of the log; `heed label --import` reads it back. */
export async function exportFeedback(project: Project, file: string): Promise<TableExport> {
  const events = await openFeedbackLog(project.paths.feedback).read();
  await writeCsv(
    file,
    ['image', 'label', 'rater', 'raterKind', 'query', 'prompt', 'model', 'time', 'reason', 'id'],
    events.map((event) => ({ ...event })),
  );
  return { file, rows: events.length };
}
