/** Makes a new project: a folder with a commented heed.toml. Other files are created on demand. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkConfig, commentedConfig } from '../config/index.ts';
import { applyOverrides } from '../config/overrides.ts';
import { badInput } from '../errors.ts';
import { openProject, type Project, projectPaths } from './project.ts';

const GITIGNORE = '# Caches and locks of heed; images, feedback, models and reports are yours to keep.\n.heed/\n';

/**
 * Creates the project and opens it. A folder that is already a project is refused. The settings in `overrides` are
 * written into heed.toml.
 */
export async function initProject(folder: string, options: { overrides?: readonly string[] } = {}): Promise<Project> {
  const { overrides = [] } = options;
  const root = resolve(folder);
  const { config } = projectPaths(root);
  if (existsSync(config))
    throw badInput(`${config}: expected a folder without a project, found one; nothing was changed`);
  const settings = applyOverrides({}, overrides);
  checkConfig(settings, '--set');
  await mkdir(root, { recursive: true });
  await writeFile(config, commentedConfig(flatten(settings)), { flag: 'wx' });
  if (!existsSync(join(root, '.gitignore'))) await writeFile(join(root, '.gitignore'), GITIGNORE);
  return openProject(root);
}

/** Flattens nested settings to values by path, such as 'tune.dpo.beta'. */
function flatten(settings: Readonly<Record<string, unknown>>, parent = ''): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings)) {
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isSection) Object.assign(flat, flatten(value as Record<string, unknown>, `${parent}${name}.`));
    else flat[`${parent}${name}`] = value;
  }
  return flat;
}
