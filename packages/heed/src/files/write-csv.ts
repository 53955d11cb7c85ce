/** CSV files that spreadsheets open without running what is in them. */
import { stringify } from 'csv-stringify/sync';
import writeFileAtomic from 'write-file-atomic';

/** Writes rows under a header, whole or not at all; undefined becomes an empty cell. */
export async function writeCsv<Column extends string>(
  path: string,
  columns: readonly Column[],
  rows: readonly Partial<Record<Column, string | number | boolean | undefined>>[],
): Promise<void> {
  const records = rows.map((row) => columns.map((column) => guard(row[column])));
  await writeFileAtomic(path, stringify([[...columns], ...records]));
}

/** How a cell begins that spreadsheet programs would run, apostrophes before it included: see `writeCsv` and `readCsv`. */
export const FORMULA_START = /^'*[=+\-@\t\r]/;

// An apostrophe before it makes it text (OWASP). One more before those that have some, so that reading takes off just ours.
function guard(value: string | number | boolean | undefined): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  return FORMULA_START.test(value) ? `'${value}` : value;
}
