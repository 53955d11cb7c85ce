/** Reads a prompt's facts (what it asks for) from the cells of a list, in the vocabulary of the project's world. */
import { InputError } from '../errors.ts';
import type { FactColumn, Facts, Vocabulary } from '../ports.ts';
import { didYouMean, quote } from '../text/nearest.ts';

/**
 * Reads the facts in a row's cells, keyed by column; undefined when all cells are empty. Case does not matter. Throws
 * for a value outside the vocabulary, and for a row with facts whose cell in the vocabulary's first column is empty.
 */
export function factsFromCells({ columns }: Vocabulary, cells: Readonly<Record<string, string>>): Facts | undefined {
  const found = columns.flatMap((column) => {
    const value = factOf(column, cells[column.name] ?? '');
    return value === undefined ? [] : [[column.name, value] as const];
  });
  const [first] = columns;
  if (found.length > 0 && found[0]![0] !== first!.name) {
    throw new InputError(`expected an ${first!.name} beside the ${found[0]![0]}, got an empty cell`);
  }
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function factOf({ name, values, spellings }: FactColumn, cell: string): string | number | undefined {
  if (cell === '') return undefined;
  const wanted = cell.toLowerCase();
  const found = values.find((value) => String(value).toLowerCase() === wanted) ?? spellings[wanted];
  if (found !== undefined) return found;
  if (typeof values[0] === 'number') {
    throw new InputError(`${name} must be ${values[0]} to ${values.at(-1)}, got ${quote(cell)}`);
  }
  const names = values.map(String);
  const hint = didYouMean(cell, names) || `, expected one of ${names.join(', ')}`;
  throw new InputError(`unknown ${name} ${quote(cell)}${hint}`);
}
