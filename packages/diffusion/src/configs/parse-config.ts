/**
 * Checks a config against its schema and describes an error in one sentence. The modules in `checkpoint/` read the
 * config files and pass the file names as `source`.
 */
import type { z } from 'zod';
import { copySpellings } from '../checkpoint/python-json.ts';
import { InputError } from '../errors.ts';

/**
 * Parses `json` with `schema`. Keys that the schema does not name are kept, and numbers keep their spelling, so that
 * writing the config again changes nothing. Throws an InputError that names `source`, the key, and the expected and
 * actual value.
 */
export function parseConfig<S extends z.ZodType>(schema: S, json: unknown, source: string): z.output<S> {
  const result = schema.safeParse(json);
  if (result.success) {
    copySpellings(json, result.data);
    return result.data;
  }
  const issue = result.error.issues[0]!;
  const key = issue.path.join('.');
  const actual = issue.path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    json,
  );
  const where = key === '' ? '' : `: key ${JSON.stringify(key)}`;
  throw new InputError(`${source}${where}: ${lowerFirst(issue.message)}, got ${describeValue(actual)}`);
}

/**
 * Describes a value for an error message: numbers and names are quoted; for all other values the message gives only the
 * kind.
 */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return NAME.test(value) ? JSON.stringify(value) : `a text of ${value.length} characters`;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) {
    const isShort = value.length <= 8 && value.every((one) => typeof one === 'number' || NAME.test(String(one)));
    return isShort ? JSON.stringify(value) : `a list of ${value.length}`;
  }
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Matches names, such as those of classes and modes, but no sentences, paths, or secrets with a separator. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Throws for a class or model type whose architecture heed does not implement. */
export function requireKind({
  json,
  key,
  expected,
  source,
}: {
  json: unknown;
  key: '_class_name' | 'model_type';
  expected: readonly string[];
  source: string;
}): void {
  const actual = typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[key] : undefined;
  if (actual !== undefined && !expected.includes(actual as string)) {
    throw new InputError(`${source}: expected ${key} ${expected.join(' or ')}, got ${describeValue(actual)}`);
  }
}
