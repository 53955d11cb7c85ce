/** The models of a project: the base that the settings name, and the diffusers folders in models/. Loads none of them. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BUILT_IN_MODEL } from '../config/index.ts';
import { badInput } from '../errors.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import { type Project, resolveInProject } from './project.ts';

/** The file that makes a folder a diffusers pipeline. */
export const MODEL_INDEX_FILE = 'model_index.json';

/** The diffusers folder of the model to align; the built-in one comes from `@heed/emoji-world`. */
export async function baseModelFolder(project: Project): Promise<string> {
  const { path } = project.config.model;
  if (path !== BUILT_IN_MODEL) return resolveInProject(project, path);
  return (await import('@heed/emoji-world')).TINY_MODEL_FOLDER;
}

/** The folder of the CLIP that the reward sees with. */
export async function clipFolder(project: Project): Promise<string> {
  const { clip } = project.config.model;
  if (clip !== BUILT_IN_MODEL) return resolveInProject(project, clip);
  return (await import('@heed/emoji-world')).CLIP_FOLDER;
}

/** Names that `modelFolder` knows, the base first. */
export async function modelNames(project: Project): Promise<string[]> {
  const names = await readdir(project.paths.models).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const base = project.config.model.name;
  const own = names.filter((name) => name !== base && existsSync(join(project.paths.models, name, MODEL_INDEX_FILE)));
  return [base, ...own.sort()];
}

/** The folder of a model by name: the base under its own name, any other in models/. Throws where there is none. */
export async function modelFolder(project: Project, name: string): Promise<string> {
  const names = await modelNames(project);
  if (!names.includes(name)) {
    throw badInput(`model must be one of ${names.join(', ')}, there is no ${quote(name)}${didYouMean(name, names)}`);
  }
  return name === project.config.model.name ? baseModelFolder(project) : join(project.paths.models, name);
}
