/** Writes CSV files whose content spreadsheets neither run nor change. */

import { writeFileAtomically } from '@heed/diffusion/files';
import { stringify } from 'csv-stringify/sync';
import { guardCell } from './spreadsheet-cells.ts';

/** Writes rows under a header, atomically. Undefined becomes an empty cell. Texts are protected, numbers are not. */
export async function writeCsv<Column extends string>(
  path: string,
  columns: readonly Column[],
  rows: readonly Partial<Record<Column, string | number | boolean | undefined>>[],
): Promise<void> {
  const records = rows.map((row) => columns.map((column) => cellOf(row[column])));
  await writeFileAtomically(path, stringify([[...columns], ...records]));
}

function cellOf(value: string | number | boolean | undefined): string {
  if (typeof value === 'string') return guardCell(value);
  return value === undefined ? '' : String(value);
}
