/** Reads users' CSV files: a header row, known columns, and line numbers in every error. */
import { atPlace, badInput, InputError } from '../errors.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import { type CellRow, parseCells } from './csv-cells.ts';
import { readTextFile } from './read-text.ts';
import { unguardCell } from './spreadsheet-cells.ts';

/** One row with the line on which it starts in the file. */
export interface CsvRow<Column extends string> {
  readonly line: number;
  /** Cells by column, trimmed; '' for an empty cell or a missing column. */
  readonly cells: Readonly<Record<Column, string>>;
}

export interface CsvColumns<Column extends string> {
  readonly required: readonly Column[];
  readonly optional: readonly Column[];
  /**
   * Optional columns of which a file must have at least one. The error message for a missing column names the first of
   * these.
   */
  readonly oneOf?: readonly Column[];
  /**
   * Other accepted names of columns, in order of preference: { color: 'colour' }. With `allowOthers`, a file may have
   * several names of one column, and the preferred one is read.
   */
  readonly aliases?: Readonly<Record<string, Column>>;
  /** Whether to ignore unknown columns: all, or only those whose name does not resemble a known one. */
  readonly allowOthers?: boolean | 'unless similar';
}

/**
 * Reads all rows of a CSV file. `parseRow` may throw an error whose message does not name the file; file and line are
 * prepended.
 */
export async function readCsv<Column extends string, T>(
  path: string,
  options: { what: string; columns: CsvColumns<Column>; parseRow: (row: CsvRow<Column>) => T },
): Promise<T[]> {
  const { what, columns, parseRow } = options;
  const text = await readTextFile(path, what);
  const { rows: all } = parseCells(text, { path, isColumn: (name) => columnOf(name, columns) !== undefined });
  const [header, ...rows] = all;
  if (!header) {
    const wanted = [...(columns.oneOf ?? []).slice(0, 1), ...columns.required];
    throw badInput(`${path}: expected a header row with ${wanted.join(', ')}, got an empty file`);
  }
  const names = readHeader(header, { path, columns });
  if (rows.length === 0) throw badInput(`${path}: expected at least one row below the header, got none`);
  const known = [...columns.required, ...columns.optional];
  return rows.map(({ line, cells }) => {
    try {
      // Spreadsheets write empty cells behind the last column.
      if (cells.length < names.length || cells.slice(names.length).some((cell) => cell.trim() !== '')) {
        throw new InputError(`expected ${names.length} cells as in the header, got ${cells.length}`);
      }
      const byName = Object.fromEntries(
        known.map((name) => [name, unguardCell(cells[names.indexOf(name)] ?? '').trim()]),
      );
      return parseRow({ line, cells: byName as Record<Column, string> });
    } catch (error) {
      throw atPlace(`${path}, line ${line}`, error);
    }
  });
}

/** Maps each header cell to a known column; empty header cells at the end are ignored. */
function readHeader<Column extends string>(
  header: CellRow,
  { path, columns }: { path: string; columns: CsvColumns<Column> },
): (Column | undefined)[] {
  const { required, optional, allowOthers = false } = columns;
  const place = `${path}, line ${header.line}`;
  const spelled = header.cells.map((cell) => cell.trim().toLowerCase());
  const length = spelled.findLastIndex((name) => name !== '') + 1;
  const names = Array<Column | undefined>(length).fill(undefined);
  for (const column of [...required, ...optional]) {
    const [spelling, another] = spellingsOf(column, columns).filter((each) => spelled.includes(each));
    if (spelling === undefined) continue;
    names[spelled.indexOf(spelling)] = column;
    const isTwice = spelled.indexOf(spelling) !== spelled.lastIndexOf(spelling);
    if (isTwice || (another !== undefined && !allowOthers)) {
      throw badInput(`${place}: expected the column '${column}' once, got it twice`);
    }
  }
  const known = [...required, ...optional];
  // Another kind of file may be private, so the error quotes none of it.
  if (names.every((name) => name === undefined) && !spelled.some((name) => didYouMean(name, known) !== '')) {
    throw badInput(`${place}: expected some of the columns ${known.join(', ')}, got others`);
  }
  const isRefused = (name: string) =>
    allowOthers === false || (allowOthers === 'unless similar' && didYouMean(name, known) !== '');
  const unknown = spelled.find((name) => name !== '' && columnOf(name, columns) === undefined && isRefused(name));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, known) || `, expected some of ${known.join(', ')}`;
    throw badInput(`${place}: unknown column ${quote(unknown)}${hint}`);
  }
  const { oneOf = [] } = columns;
  const hasOneOf = oneOf.length === 0 || oneOf.some((name) => names.includes(name));
  const missing = hasOneOf ? required.find((name) => !names.includes(name)) : oneOf[0];
  if (missing !== undefined) {
    throw badInput(
      `${place}: expected a column '${missing}', got ${header.cells.map((cell) => quote(cell)).join(', ')}`,
    );
  }
  return names;
}

/** The accepted names of a column, in order of preference. */
function spellingsOf<Column extends string>(column: Column, { aliases = {} }: CsvColumns<Column>): string[] {
  return [column, ...Object.keys(aliases).filter((alias) => aliases[alias] === column)];
}

function columnOf<Column extends string>(cell: string, columns: CsvColumns<Column>): Column | undefined {
  const name = cell.trim().toLowerCase();
  return [...columns.required, ...columns.optional].find((column) => spellingsOf(column, columns).includes(name));
}
