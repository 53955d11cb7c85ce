/**
 * Protects CSV cells from spreadsheet programs. Spreadsheet programs run some texts as formulas, and rewrite other
 * texts as numbers, dates or truth values. A leading apostrophe prevents both changes.
 */

const FORMULA = /^[=+\-@\t\r]/;
/**
 * Matches numbers, times, dates in digits, fractions and percentages, such as 007, 1e45, 1,5, 10:30, 2026-01-31, 1/2
 * and 50%.
 */
const FIGURES = /^[+-]?[\d.,][\d\s.,:/%-]*(e[+-]?\d+)?(\s*[ap]m)?$/i;
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*';
/** Matches dates with a month in words, such as 5 Jan, March-7 and 1 Dec 2026. */
const DATE = new RegExp(`^(\\d{1,4}[\\s./-]*${MONTH}|${MONTH}[\\s./-]*\\d{1,4})([\\s,./-]*\\d{1,4})?$`, 'i');
const TRUTH = /^(true|false)$/i;

/** Puts an apostrophe before a text that a spreadsheet program would run or change (OWASP, "CSV injection"). */
export function guardCell(text: string): string {
  return isChanged(text) ? `'${text}` : text;
}

/** Removes the apostrophe that `guardCell` put before the text. */
export function unguardCell(cell: string): string {
  return cell.startsWith("'") && isChanged(cell) ? cell.slice(1) : cell;
}

/** Whether the cell is probably an id or a name that a spreadsheet program rewrote as a number. */
export function looksLikeNumber(cell: string): boolean {
  return /^[+-]?\d+([.,]\d+)?(e[+-]?\d+)?$/i.test(cell);
}

// Texts that begin with an apostrophe get one more, so that reading removes only heed's own.
function isChanged(text: string): boolean {
  const bare = text.replace(/^'*/, '');
  return FORMULA.test(bare) || [FIGURES, DATE, TRUTH].some((form) => form.test(bare.trim()) && /[a-z\d]/i.test(bare));
}
