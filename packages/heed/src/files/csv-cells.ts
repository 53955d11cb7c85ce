/**
 * Parses the cells of a CSV file from any program, with commas, semicolons or tabs as delimiters, any line breaks, and
 * quoted cells.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { badInput } from '../errors.ts';

/** Excel in Europe separates by semicolons. Excel's "Unicode text" and TSV files use tabs. */
const DELIMITERS = [',', ';', '\t'] as const;
const MAX_RECORD_LENGTH = 2 ** 20;

export interface CellRow {
  /** Number of the line in the file on which the row starts. */
  readonly line: number;
  readonly cells: readonly string[];
}

export interface Cells {
  readonly delimiter: string;
  /** All rows, the header first. Empty rows are left out. */
  readonly rows: readonly CellRow[];
}

/**
 * Parses the text of a file into cells. A first line such as `sep=;`, as Excel writes it, sets the delimiter. Without
 * that line, the parser chooses the delimiter that gives the most column names known to `isColumn`. Throws for a syntax
 * error; the message names `path` and the line.
 */
export function parseCells(
  text: string,
  { path, isColumn }: { path: string; isColumn: (name: string) => boolean },
): Cells {
  const nul = text.indexOf('\0');
  if (nul >= 0) throw badInput(`${path}, line ${lineAt(text, nul)}: expected text, got a NUL character`);
  const told = /^\ufeff?sep=(.)\r?\n/i.exec(text);
  // An empty line replaces it, so that line numbers stay correct.
  const table = told ? `\n${text.slice(told[0].length)}` : text;
  const delimiter = told?.[1] ?? findDelimiter(table, isColumn);
  let start = 1;
  try {
    const rows = parse(table, { ...optionsOf(delimiter), info: true }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    const numbered = rows.map(({ record, info }) => {
      // The parser reports a row's last line. A row with line breaks inside quotes began that many lines earlier.
      const breaks = record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
      start = info.lines - breaks;
      return { line: start, cells: record };
    });
    return { delimiter, rows: numbered.filter(({ cells }) => cells.some((cell) => cell.trim() !== '')) };
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

function optionsOf(delimiter: string) {
  return {
    bom: true,
    delimiter,
    relaxColumnCount: true,
    // A file may mix line breaks. Detecting only the first kind would join rows.
    recordDelimiter: ['\r\n', '\n', '\r'],
    skipEmptyLines: true,
    maxRecordSize: MAX_RECORD_LENGTH,
  };
}

function findDelimiter(text: string, isColumn: (name: string) => boolean): string {
  const known = (delimiter: string) => {
    try {
      const [header = []] = parse(text, { ...optionsOf(delimiter), to: 1 }) as string[][];
      return header.filter((cell) => isColumn(cell.trim())).length;
    } catch {
      return 0;
    }
  };
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, count: known(delimiter) }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).delimiter;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
