/**
 * Applies values of the command line, such as `--set tune.beta=0.5`, which override the values of the file before any
 * check.
 */
import { parse as parseToml } from 'smol-toml';
import { badInput } from '../errors.ts';
import { quote } from '../text/nearest.ts';

/**
 * Returns a copy of `table` with each `path=value` applied in order. The value is read as TOML. A value that is not
 * TOML is used as text, so that a shell needs no quotes: `--set sample.sampler=ddim`.
 */
export function applyOverrides(
  table: Readonly<Record<string, unknown>>,
  overrides: readonly string[],
): Record<string, unknown> {
  const result = structuredClone(table) as Record<string, unknown>;
  for (const override of overrides) {
    const at = override.indexOf('=');
    const path = override.slice(0, Math.max(0, at)).trim().split('.');
    if (at < 0 || path.length > 3 || path.some((key) => !/^[A-Za-z][A-Za-z0-9]*$/.test(key))) {
      throw badInput(`--set must be given key=value or section.key=value, got ${quote(override)}`);
    }
    put(result, path, { value: parseValue(override.slice(at + 1).trim()), parent: '' });
  }
  return result;
}

/**
 * Sets `value` in `table` at the path `[first, ...rest]` and creates missing sections. `parent` is the path of `table`
 * itself, for error messages.
 */
function put(
  table: Record<string, unknown>,
  [first, ...rest]: readonly string[],
  { value, parent }: { value: unknown; parent: string },
): void {
  const key = first!;
  if (rest.length === 0) {
    table[key] = value;
    return;
  }
  const name = `${parent}${key}`;
  const section = { ...asTable(table[key], name) };
  table[key] = section;
  put(section, rest, { value, parent: `${name}.` });
}

function parseValue(text: string): unknown {
  try {
    return parseToml(`value = ${text}`).value;
  } catch {
    return text;
  }
}

function asTable(value: unknown, name: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badInput(`--set: ${name} is not a section`);
  }
  return value as Record<string, unknown>;
}
