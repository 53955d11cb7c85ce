/** Images and judgements of a project as CSV, for spreadsheets, R and pandas. */
import { purposeOf } from '../feedback/event.ts';
import { standingJudgements } from '../feedback/standing.ts';
import { writeCsv } from '../files/write-csv.ts';
import { imageName } from '../images/image-name.ts';
import { createImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { readCountingEvents } from '../reward/project-labels.ts';

/** The file that an export wrote, and its number of rows. */
export interface TableExport {
  readonly file: string;
  readonly rows: number;
}

/** Writes one row for each image, with all settings of its generation: prompt, seed, model, sampler and others. */
export async function exportImages(project: Project, file: string): Promise<TableExport> {
  const records = createImageStore(project.paths.images).all();
  const facts = [...new Set(records.flatMap(({ facts }) => Object.keys(facts ?? {})))];
  await writeCsv(
    file,
    [
      'image',
      'file',
      'set',
      'prompt',
      'category',
      'holdout',
      'purpose',
      ...facts,
      'seed',
      'model',
      'modelHash',
      'sampler',
      'steps',
      'guidanceScale',
      'width',
      'height',
      'importedFrom',
    ],
    records.map(({ id, facts: asked, source, ...record }) => ({
      image: imageName(id),
      ...asked,
      ...record,
      importedFrom: source?.file,
    })),
  );
  return { file, rows: records.length };
}

/**
 * Writes one row for each judgement that was neither replaced nor withdrawn, in the order of the log; `heed import
 * feedback` reads the file back. Judgements are left out if the rater is excluded, or if the image is excluded or
 * deleted.
 */
export async function exportFeedback(project: Project, file: string): Promise<TableExport> {
  const store = createImageStore(project.paths.images);
  const judgements = standingJudgements(await readCountingEvents(project)).filter(({ image }) => store.stands(image));
  await writeCsv(
    file,
    [
      'image',
      'label',
      'rater',
      'raterKind',
      'query',
      'prompt',
      'model',
      'time',
      'reason',
      'seconds',
      'purpose',
      'repeatOf',
      'tooFast',
      'id',
    ],
    judgements.map((event) => ({ ...event, image: imageName(event.image), purpose: purposeOf(event) })),
  );
  return { file, rows: judgements.length };
}
