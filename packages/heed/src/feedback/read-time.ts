/** Parses times in imported tables. */
import { InputError } from '../errors.ts';
import { quote } from '../text/nearest.ts';

/**
 * Returns the cell's time as ISO 8601 in UTC; an empty cell gives `now`. For any other text, throws an `InputError`
 * whose message does not name the file.
 */
export function readTime(cell: string, now: Date): string {
  if (cell === '') return now.toISOString();
  const form = /^(\d{4}-\d{2}-\d{2})(?:[T ]([\d:.]+)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(cell);
  // A spreadsheet omits the T and the Z.
  const time = form && new Date(cell.includes(' ') ? `${form[1]}T${form[2]}${form[3] ?? 'Z'}` : cell);
  if (!time || Number.isNaN(time.getTime())) {
    const cause = /^\d[\d\s.:/-]*([ap]m)?$/i.test(cell) ? ', which a spreadsheet may have changed' : '';
    throw new InputError(`time must be like 2026-01-31T09:30:00Z, got ${quote(cell)}${cause}`);
  }
  return time.toISOString();
}
