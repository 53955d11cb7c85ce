/**
 * The folder of one run of a command: `runs/<id>/`, with the config that the run used. Each stage adds its own files.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { readResolvedHeader, resolvedConfig } from '../config/write.ts';
import { badInput } from '../errors.ts';
import { quote } from '../text/nearest.ts';
import { openProject, openWithConfig, type Project, readConfigText } from './project.ts';

/** File name of the resolved config in a run's folder. */
export const RESOLVED_CONFIG_FILE = 'heed.resolved.toml';

/** One run of a command. */
export interface Run {
  /** Id of the run: 'tune-0001', or the requested name. */
  readonly id: string;
  readonly folder: string;
}

/**
 * Creates or reopens `runs/<name>`; without a name, creates the next `runs/<command>-0001`. Writes the resolved config
 * into it.
 */
export async function startRun(project: Project, options: { command: string; name?: string }): Promise<Run> {
  const { command, name } = options;
  if (name !== undefined) checkName(name, 'run');
  const id = name ?? (await nextRunId(project, command));
  const folder = join(project.paths.runs, id);
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(join(folder, RESOLVED_CONFIG_FILE), resolvedConfig(project.config, { command }));
  return { id, folder };
}

/** The recorded time of the run's last start, ISO 8601; undefined when there is no record. */
export async function runTime(project: Project, id: string): Promise<string | undefined> {
  const text = await readFile(join(project.paths.runs, id, RESOLVED_CONFIG_FILE), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : readResolvedHeader(text)?.time;
}

/** Opens the run with this id; throws when there is no such run. */
export function openRun(project: Project, id: string): Run {
  checkName(id, 'run');
  const folder = join(project.paths.runs, id);
  if (!existsSync(folder)) throw badInput(`run must be one in ${project.paths.runs}, there is no ${quote(id)}`);
  return { id, folder };
}

/**
 * Opens the project with the settings that the run recorded, in place of those in heed.toml; `overrides` take
 * precedence.
 */
export async function openProjectOfRun(
  folder: string,
  id: string,
  options: { overrides?: readonly string[] } = {},
): Promise<Project> {
  const project = await openProject(folder);
  const source = join(openRun(project, id).folder, RESOLVED_CONFIG_FILE);
  return openWithConfig(folder, { ...options, source, text: readConfigText(source) });
}

/** The id of the newest numbered run of `command`, if there is one. */
export async function latestRunId(project: Project, command: string): Promise<string | undefined> {
  return (await numberedRuns(project, command)).at(-1)?.id;
}

/** Checks a name of a model or run, which must be a plain folder name. */
export function checkName(name: string, what: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    throw badInput(
      `the name of a ${what} must be 1 to 64 letters, digits, dots, dashes and underscores, got ${quote(name)}`,
    );
  }
  return name;
}

async function nextRunId(project: Project, command: string): Promise<string> {
  const last = (await numberedRuns(project, command)).at(-1)?.number ?? 0;
  return `${command}-${String(last + 1).padStart(4, '0')}`;
}

async function numberedRuns(project: Project, command: string): Promise<{ id: string; number: number }[]> {
  const names = await readdir(project.paths.runs).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((id) => {
      const match = /^(.+)-(\d{4,})$/.exec(id);
      return match?.[1] === command ? [{ id, number: Number(match[2]) }] : [];
    })
    .sort((a, b) => a.number - b.number);
}
