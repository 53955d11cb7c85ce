/** CSV files that a user hands in: a header row, known columns, line numbers for every complaint. */
import { CsvError, parse } from 'csv-parse/sync';
import { atPlace, badInput, InputError } from '../errors.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import { readTextFile } from './read-text.ts';
import { FORMULA_START } from './write-csv.ts';

/** One row with the line on which it starts in the file. */
export interface CsvRow<Column extends string> {
  readonly line: number;
  /** Trimmed; '' where the cell is empty or the file has no such column. */
  readonly cells: Readonly<Record<Column, string>>;
}

export interface CsvColumns<Column extends string> {
  readonly required: readonly Column[];
  readonly optional: readonly Column[];
  /** Other spellings of a column: { color: 'colour' }. */
  readonly aliases?: Readonly<Record<string, Column>>;
  /** Let columns that are not known pass, unread. */
  readonly allowOthers?: boolean;
}

/** Parses the whole file; `parseRow` throws a sentence without a subject, to which file and line are put in front. */
export async function readCsv<Column extends string, T>(
  path: string,
  options: { what: string; columns: CsvColumns<Column>; parseRow: (row: CsvRow<Column>) => T },
): Promise<T[]> {
  const { what, columns, parseRow } = options;
  const text = await readTextFile(path, what);
  const [header, ...rows] = parseCells(text, path);
  if (!header) throw badInput(`${path}: expected a header row with ${columns.required.join(', ')}, got an empty file`);
  const names = readHeader(header, { path, columns });
  if (rows.length === 0) throw badInput(`${path}: expected at least one row below the header, got none`);
  const known = [...columns.required, ...columns.optional];
  return rows.map(({ line, cells }) => {
    try {
      if (cells.length !== names.length) {
        throw new InputError(`expected ${names.length} cells as in the header, got ${cells.length}`);
      }
      const byName = Object.fromEntries(known.map((name) => [name, unguard(cells[names.indexOf(name)] ?? '').trim()]));
      return parseRow({ line, cells: byName as Record<Column, string> });
    } catch (error) {
      throw atPlace(`${path}, line ${line}`, error);
    }
  });
}

/** Without the apostrophe by which `writeCsv` keeps a cell from being a formula. */
function unguard(cell: string): string {
  return cell.startsWith("'") && FORMULA_START.test(cell) ? cell.slice(1) : cell;
}

interface RawRow {
  line: number;
  cells: string[];
}

function parseCells(text: string, path: string): RawRow[] {
  const nul = text.indexOf('\0');
  if (nul >= 0) throw badInput(`${path}, line ${lineAt(text, nul)}: expected text, got a NUL character`);
  let start = 1;
  try {
    const rows = parse(text, {
      bom: true,
      relaxColumnCount: true,
      // Any of them in one file: told by the first alone, the others would run rows together.
      recordDelimiter: ['\r\n', '\n', '\r'],
      skipEmptyLines: true,
      info: true,
      maxRecordSize: 2 ** 20,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    return rows.map(({ record, info }) => {
      // The parser tells where a row ends; a row with line breaks inside quotes began as many lines earlier.
      const breaks = record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
      start = info.lines - breaks;
      return { line: start, cells: record };
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error.lines === 'number' ? error.lines : start;
    throw badInput(
      `${path}, line ${line}: expected CSV, got a mistake in it (${CSV_MISTAKES[error.code] ?? error.code})`,
    );
  }
}

const CSV_MISTAKES: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'text follows a closing quote',
  INVALID_OPENING_QUOTE: 'a quote stands inside a cell that does not begin with one',
  CSV_MAX_RECORD_SIZE: 'a row is longer than 1 MB',
};

function readHeader<Column extends string>(
  header: RawRow,
  { path, columns }: { path: string; columns: CsvColumns<Column> },
): (Column | undefined)[] {
  const { required, optional, aliases = {}, allowOthers = false } = columns;
  const known: readonly string[] = [...required, ...optional];
  const names = header.cells.map((cell) => {
    const name = cell.trim().toLowerCase();
    const column = (known.includes(name) ? name : aliases[name]) as Column | undefined;
    if (column === undefined && !allowOthers) {
      const hint = didYouMean(name, known) || `, expected some of ${known.join(', ')}`;
      throw badInput(`${path}, line ${header.line}: unknown column ${quote(cell)}${hint}`);
    }
    return column;
  });
  for (const name of required) {
    if (!names.includes(name))
      throw badInput(
        `${path}, line ${header.line}: expected a column '${name}', got ${header.cells.map((cell) => quote(cell)).join(', ')}`,
      );
  }
  const repeated = names.find((name, i) => name !== undefined && names.indexOf(name) !== i);
  if (repeated !== undefined)
    throw badInput(`${path}, line ${header.line}: expected the column '${repeated}' once, got it twice`);
  return names;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
