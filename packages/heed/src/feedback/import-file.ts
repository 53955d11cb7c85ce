/** Imports judgements from a file in any format that heed reads. The content decides the format. */
import { extname } from 'node:path';
import { badInput } from '../errors.ts';
import { parseCells } from '../files/csv-cells.ts';
import { readTextFile } from '../files/read-text.ts';
import type { Project } from '../project/project.ts';
import { importFeedback } from './import-csv.ts';
import type { EventWriter, FeedbackImport } from './import-judgements.ts';
import { importPairs, isPairHeader } from './import-pairs.ts';
import { flatRowsOf, isFlatHeader, readFlatExport, readFlatTable } from './label-studio/flat-export.ts';
import { isFullTask, readFullExport } from './label-studio/full-export.ts';
import { importTasks } from './label-studio/import.ts';
import type { ExportedTask } from './label-studio/task.ts';

const SUFFIXES = ['.csv', '.tsv', '.txt', '.json'];

export interface ImportOptions {
  /** The rater's name, if the file has none. */
  readonly rater?: string;
  readonly now?: Date;
  readonly write?: EventWriter;
  /** Whether the judgements are imported as known answers, against which raters are measured. */
  readonly asKnown?: boolean;
}

/**
 * Imports a table of judgements or of preference pairs (CSV, TSV) or an export of Label Studio (JSON, JSON_MIN, CSV,
 * TSV). For a bad row an error with the row's position is thrown, and nothing is written.
 */
export async function importFeedbackFile(
  project: Project,
  path: string,
  options: ImportOptions = {},
): Promise<FeedbackImport> {
  if (!SUFFIXES.includes(extname(path).toLowerCase())) {
    throw badInput(`${path}: expected judgements in a file that ends in ${SUFFIXES.join(' or ')}`);
  }
  const text = await readTextFile(path, 'judgements in a CSV or an export of Label Studio');
  if (/^\s*[[{]/.test(text)) return importTasks(project, readJson(text, path), { ...options, path });
  const columns = headerOf(text, path);
  if (isFlatHeader(columns)) {
    return importTasks(project, readFlatExport(readFlatTable(text, path), path), { ...options, path });
  }
  return isPairHeader(columns) ? importPairs(project, path, options) : importFeedback(project, path, options);
}

/** The header's column names, which identify the format. */
function headerOf(text: string, path: string): string[] {
  const [line = ''] = text.split(/[\r\n]/).filter((each) => each.trim() !== '' && !/^sep=/i.test(each));
  if (!/annotation_id|image_0/i.test(line)) return [];
  const { rows } = parseCells(line, { path, isColumn: (name) => /^(annotation_id|image_0.*)$/i.test(name) });
  return rows[0]?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
}

function readJson(text: string, path: string): ExportedTask[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badInput(`${path}: expected JSON, got a mistake in it`);
  }
  if (!Array.isArray(value)) throw badInput(`${path}: expected a list of tasks, got another value`);
  const isFlat = value.length > 0 && value.every((item) => !isFullTask(item));
  return isFlat ? readFlatExport(flatRowsOf(value, path), path) : readFullExport(value, path);
}
