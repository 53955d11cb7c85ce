/** Formats a stage's result as generic lines, for commands without their own format. */
import { formatNumber } from '../progress/format.ts';

/**
 * Returns one line for each value; the line of a nested value begins with its dotted path. For a list of more than
 * `maxItems` items, only the number of items is shown.
 */
export function describeResult(result: unknown, options: { maxItems?: number } = {}): string[] {
  const { maxItems = 8 } = options;
  const rows: [string, string][] = [];
  const visit = (value: unknown, path: string) => {
    if (value === undefined || value === null) return;
    if (typeof value === 'number') rows.push([path, formatNumber(value)]);
    else if (typeof value === 'string' || typeof value === 'boolean') rows.push([path, String(value)]);
    else if (Array.isArray(value) && value.length > maxItems) rows.push([path, `${value.length} items`]);
    else if (typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) visit(inner, path === '' ? key : `${path}.${key}`);
    }
  };
  visit(result, '');
  const width = Math.max(0, ...rows.map(([path]) => path.length));
  return rows.map(([path, value]) => `${path.padEnd(width)}  ${value}`);
}
