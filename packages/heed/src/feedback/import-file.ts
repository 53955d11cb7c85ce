/** Judgements out of a file of any form that heed reads, told by its name. */
import { extname } from 'node:path';
import { badInput } from '../errors.ts';
import type { Project } from '../project/project.ts';
import { importFeedback } from './import-csv.ts';
import type { EventWriter, FeedbackImport } from './import-judgements.ts';
import { importLabelStudio } from './import-label-studio.ts';

export interface ImportOptions {
  /** Who judged, where a CSV has no column for it. */
  readonly rater?: string;
  readonly now?: Date;
  readonly write?: EventWriter;
  /** The judgements are what their raters vouch for: others are measured by them. */
  readonly asKnown?: boolean;
}

type Reader = (project: Project, path: string, options: ImportOptions) => Promise<FeedbackImport>;

const READERS: Readonly<Record<string, Reader>> = {
  '.csv': importFeedback,
  '.json': importLabelStudio,
};

/** Imports a .csv or, of Label Studio, a .json; throws a sentence that names the first bad row, and then nothing was written. */
export async function importFeedbackFile(
  project: Project,
  path: string,
  options: ImportOptions = {},
): Promise<FeedbackImport> {
  const read = READERS[extname(path).toLowerCase()];
  if (!read) throw badInput(`${path}: expected judgements in a file that ends in ${Object.keys(READERS).join(' or ')}`);
  return read(project, path, options);
}
