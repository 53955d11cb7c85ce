/**
 * Checks a config against its schema and turns what is wrong into one sentence.
 * Reads no file: `checkpoint/` does, and says in `source` where the JSON came from.
 */
import type { z } from 'zod';

/**
 * Parses `json` with `schema`; keys the schema does not name are kept, so that a config survives a round trip.
 * Throws one sentence that names `source`, the key, what was expected and what came.
 */
export function parseConfig<S extends z.ZodType>(schema: S, json: unknown, source: string): z.output<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.path.join('.');
  const actual = issue.path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    json,
  );
  const got = actual === undefined ? 'nothing' : JSON.stringify(actual);
  throw new Error(`${source}${key === '' ? '' : `: key "${key}"`}: ${lowerFirst(issue.message)}, got ${got}`);
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Refuses a class or model type this project has no architecture for. */
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
    throw new Error(`${source}: expected ${key} ${expected.join(' or ')}, got ${JSON.stringify(actual)}`);
  }
}
