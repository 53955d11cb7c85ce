/** Writes CSV files so that spreadsheet programs neither run a cell as a formula nor change a cell's text. */

import { writeFileAtomically } from '@heed/diffusion/files';
import { stringify } from 'csv-stringify/sync';
import { guardCell } from './spreadsheet-cells.ts';

/**
 * Writes rows under a header, atomically. An undefined value becomes an empty cell. Text cells are protected by
 * `guardCell`; numbers are written as they are.
 */
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
