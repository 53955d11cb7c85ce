/**
 * What spreadsheet programs do to the cells of a CSV: some texts they run as formulas, others they take for numbers,
 * dates or truth values and write back in another form. An apostrophe before a text keeps them from both.
 */

const FORMULA = /^[=+\-@\t\r]/;
/** Numbers, times, dates in figures, fractions, percentages: 007, 1e45, 1,5, 10:30, 2026-01-31, 1/2, 50%. */
const FIGURES = /^[+-]?[\d.,][\d\s.,:/%-]*(e[+-]?\d+)?(\s*[ap]m)?$/i;
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*';
/** Dates with a month in words: 5 Jan, March-7, 1 Dec 2026. */
const DATE = new RegExp(`^(\\d{1,4}[\\s./-]*${MONTH}|${MONTH}[\\s./-]*\\d{1,4})([\\s,./-]*\\d{1,4})?$`, 'i');
const TRUTH = /^(true|false)$/i;

/** The text with an apostrophe before it where a spreadsheet program would change it (OWASP, "CSV injection"). */
export function guardCell(text: string): string {
  return isChanged(text) ? `'${text}` : text;
}

/** The text without the apostrophe that `guardCell` puts before it. */
export function unguardCell(cell: string): string {
  return cell.startsWith("'") && isChanged(cell) ? cell.slice(1) : cell;
}

/** Whether a cell is what a spreadsheet program makes of an id or a name that it takes for a number. */
export function looksLikeNumber(cell: string): boolean {
  return /^[+-]?\d+([.,]\d+)?(e[+-]?\d+)?$/i.test(cell);
}

// One apostrophe more before those that have some, so that reading takes off just ours.
function isChanged(text: string): boolean {
  const bare = text.replace(/^'*/, '');
  return FORMULA.test(bare) || [FIGURES, DATE, TRUTH].some((form) => form.test(bare.trim()) && /[a-z\d]/i.test(bare));
}
