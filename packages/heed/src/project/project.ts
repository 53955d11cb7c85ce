/** A project: a folder with a heed.toml, and the paths of its parts. A project object holds no open files. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { HeedConfig } from '../config/index.ts';
import { parseConfig } from '../config/parse.ts';
import { badInput } from '../errors.ts';

/** The absolute paths of a project's parts. */
export interface ProjectPaths {
  /** heed.toml */
  readonly config: string;
  /** The folder images/: content-addressed PNGs and their index.jsonl. */
  readonly images: string;
  /** feedback.jsonl */
  readonly feedback: string;
  /** The folder models/, with a subfolder for each model. */
  readonly models: string;
  /** The folder runs/, with a subfolder for each run. */
  readonly runs: string;
  /** reports/ */
  readonly reports: string;
  /** The folder .heed/: locks and caches, which can be deleted while no command runs. */
  readonly state: string;
}

/** An opened project. */
export interface Project {
  readonly folder: string;
  readonly config: HeedConfig;
  readonly paths: ProjectPaths;
}

/** Returns the paths of the parts of a project in `folder`, whether these parts exist or not. */
export function projectPaths(folder: string): ProjectPaths {
  return {
    config: join(folder, 'heed.toml'),
    images: join(folder, 'images'),
    feedback: join(folder, 'feedback.jsonl'),
    models: join(folder, 'models'),
    runs: join(folder, 'runs'),
    reports: join(folder, 'reports'),
    state: join(folder, '.heed'),
  };
}

/**
 * Reads and checks the project's heed.toml. `overrides` are the values of the option `--set`, such as 'tune.beta=0.5'.
 * Changes nothing on disk.
 */
export async function openProject(folder: string, options: { overrides?: readonly string[] } = {}): Promise<Project> {
  const { config } = projectPaths(resolve(folder));
  return openWithConfig(folder, { ...options, source: config, text: readConfigText(config) });
}

/** Opens the project with the settings in `text`; error messages call the settings file `source`. */
export function openWithConfig(
  folder: string,
  { text, ...options }: { text: string; source: string; overrides?: readonly string[] },
): Project {
  const root = resolve(folder);
  return { folder: root, paths: projectPaths(root), config: parseConfig(text, options) };
}

/** Reads the text of a config file; throws when the file does not exist. */
export function readConfigText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EISDIR') throw error;
    throw badInput(`${path}: expected the settings of a project, found none; \`heed init <folder>\` makes a project`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw badInput(`${path}: expected text in UTF-8, got other bytes`);
  }
}

/** Resolves a path from the config relative to the project's folder. */
export function resolveInProject(project: Project, path: string): string {
  return resolve(project.folder, path);
}
