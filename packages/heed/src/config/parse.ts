/** Parses a heed.toml or any object to a checked config. Each error message is one sentence. */
import { parse as parseToml, TomlError } from 'smol-toml';
import { z } from 'zod';
import { badInput } from '../errors.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import { applyOverrides } from './overrides.ts';
import { configSchema, type HeedConfig } from './schema.ts';

/** Parses TOML, applies `overrides` ('tune.beta=0.5') and checks the result. `source` names the file in errors. */
export function parseConfig(text: string, options: { source: string; overrides?: readonly string[] }): HeedConfig {
  const { source, overrides = [] } = options;
  return checkConfig(applyOverrides(parseTomlText(text, source), overrides), source);
}

/** Checks an object against the schema and fills in the defaults. */
export function checkConfig(value: unknown, source: string): HeedConfig {
  const result = configSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw badInput(`${source}: ${issue ? describeIssue(issue, value) : 'expected a config, got something else'}`);
}

function parseTomlText(text: string, source: string): Record<string, unknown> {
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '');
    throw badInput(`${source}, line ${error.line}: expected TOML, got a mistake in it (${reason})`);
  }
}

function describeIssue(issue: z.core.$ZodIssue, root: unknown): string {
  const path = issue.path.map(String);
  const name = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = keysAt(path);
    const kind = path.length === 0 && isTable((root as Record<string, unknown>)[key]) ? 'section' : 'key';
    return `unknown ${kind} ${quote([...path, key].join('.'))}${didYouMean(key, known) || `, expected one of ${known.join(', ')}`}`;
  }
  return `${name === '' ? 'the config' : name} must be ${expectation(issue)}, got ${shown(valueAt(root, path))}`;
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return EXPECTED_TYPES[issue.expected] ?? `a ${issue.expected}`;
    case 'too_small':
      if (issue.origin === 'string') return 'a text that is not empty';
      return `${issue.inclusive === false ? 'above' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'below' : 'at most'} ${issue.maximum}`;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return `a name of ${issue.message}`;
    default:
      return issue.message;
  }
}

const EXPECTED_TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text in quotes',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section',
};

function keysAt(path: readonly string[]): string[] {
  let schema: unknown = configSchema;
  for (const key of path) {
    const shape: Record<string, unknown> = schema instanceof z.ZodObject ? schema.shape : {};
    schema = shape[key];
    if (schema instanceof z.ZodPrefault) schema = schema.unwrap();
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isContainer(value) ? value[key] : undefined), root);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `${value}, which is too large`;
  if (typeof value === 'string') return quote(value);
  if (value instanceof Date) return 'a date';
  return Array.isArray(value) ? 'a list' : 'a section';
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isTable(value: unknown): boolean {
  return isContainer(value) && !Array.isArray(value) && !(value instanceof Date);
}
