/**
 * Writes a config as text: the commented heed.toml of a new project, the resolved config of a run, and the JSON Schema.
 */
import { stringify } from 'smol-toml';
import { z } from 'zod';
import { type ConfigKey, configSchema, configSections, type HeedConfig } from './schema.ts';

/**
 * The heed.toml of a new project: every key with its description. Keys in `values` are set; all other keys are written
 * as comments.
 */
export function commentedConfig(values: Readonly<Record<string, unknown>> = {}): string {
  const lines = [
    '# The settings of this heed project. Keys behind a # show their defaults: take the # away to change one.',
    '# On the command line `--set section.key=value` goes before what stands here.',
  ];
  for (const { name, description, keys } of configSections()) {
    lines.push('');
    if (name !== '') lines.push(`# ${description}`, `[${name}]`);
    for (const key of keys) lines.push(`# ${key.description}`, ...settingLines(key, values[key.path]));
  }
  return `${lines.join('\n')}\n`;
}

function settingLines(key: ConfigKey, value: unknown): string[] {
  const name = key.path.split('.').at(-1)!;
  const write = (shown: unknown) => stringify({ [name]: shown }).trim();
  return value === undefined ? [`# ${write(key.defaultValue)}`] : [write(value)];
}

/** Writes the whole config that a run used, including the defaults of keys that were not set. */
export function resolvedConfig(config: HeedConfig, options: { command: string; time?: Date }): string {
  const { command, time = new Date() } = options;
  return `# The config that this run used, written by \`heed ${command}\` at ${time.toISOString()}.\n${stringify(config)}\n`;
}

/** Reads the command and the time from the header of a resolved config; undefined for any other text. */
export function readResolvedHeader(text: string): { command: string; time: string } | undefined {
  const match = /^# [^\n]*`heed ([a-z]+)` at (\S+Z)\.\n/.exec(text);
  return match ? { command: match[1]!, time: match[2]! } : undefined;
}

/** The JSON Schema of heed.toml, for completion and checks in editors. */
export function configJsonSchema(): Record<string, unknown> {
  return { title: 'heed.toml', ...z.toJSONSchema(configSchema, { io: 'input' }) };
}
