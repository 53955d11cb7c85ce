/**
 * The models of a project: the configured base, and the diffusers folders in models/. This module loads no weights.
 * Models given by a Hugging Face hub id are downloaded.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BUILT_IN_MODEL } from '../config/index.ts';
import { atPlace, badInput, isBadInput } from '../errors.ts';
import { builtInModels } from '../parts.ts';
import type { Progress, ProgressFactory } from '../progress/progress.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import type { Project } from './project.ts';

/** The file that marks a folder as a diffusers pipeline. */
export const MODEL_INDEX_FILE = 'model_index.json';

/** Options for models from the Hugging Face hub. */
export interface FetchOptions {
  progress?: ProgressFactory | undefined;
  signal?: AbortSignal | undefined;
  /** Whether to use only models in the cache and download nothing. */
  offline?: boolean;
  /** Called when the hub cannot be reached and the cached copy is used. */
  note?: ((text: string) => void) | undefined;
}

/** Path of the base model, a diffusers folder or a checkpoint file. */
export async function baseModelFolder(project: Project, options: FetchOptions = {}): Promise<string> {
  const { path } = project.config.model;
  if (path !== BUILT_IN_MODEL) return locateModel(path, { from: project.folder, kind: 'pipeline', ...options });
  return (await builtInModels()).base;
}

/** Folder of the reward's CLIP model. */
export async function clipFolder(project: Project, options: FetchOptions = {}): Promise<string> {
  const { clip } = project.config.model;
  if (clip !== BUILT_IN_MODEL) return locateModel(clip, { from: project.folder, kind: 'clip', ...options });
  return (await builtInModels()).clip;
}

/**
 * Throws when the CLIP for later stages cannot be opened. The function checks the configs, and for a local model the
 * weights' names and shapes. The check downloads no weights. When the hub is unreachable, the function only notes that
 * `heed reward` will need the model.
 */
export async function checkClip(project: Project, { signal, note }: FetchOptions = {}): Promise<void> {
  const { clip } = project.config.model;
  const { checkClipFolder, fetchHubModel, HubError, parseHubId } = await import('@heed/diffusion');
  if (clip === BUILT_IN_MODEL) return;
  const local = resolve(project.folder, clip);
  const id = parseHubId(clip);
  if (existsSync(local) || id === undefined) return checkClipFolder(local);
  try {
    await fetchHubModel(id, { kind: 'clip', configsOnly: true, signal, note });
  } catch (error) {
    if (error instanceof HubError && error.kind === 'unreachable') note?.(`${error.message}; heed reward will need it`);
    else throw atPlace('model.clip', error);
  }
}

/**
 * Resolves `path` relative to the folder `from`. If the path does not exist and can be a hub id, the model of that id
 * is downloaded. The id of a hub file (`org/name/file.pth`) may name any kind of file.
 */
export async function locateModel(
  path: string,
  {
    from,
    kind,
    progress,
    signal,
    offline = false,
    note,
  }: FetchOptions & { from: string; kind: 'pipeline' | 'clip' | 'file' },
): Promise<string> {
  const local = resolve(from, path);
  if (existsSync(local)) return local;
  const { fetchHubModel, findHubModel, parseHubId } = await import('@heed/diffusion');
  const id = parseHubId(path);
  if (id === undefined) return local;
  if (kind === 'file' && id.file === undefined) {
    throw badInput(
      `${local} does not exist, and ${id.repo}: expected a file of it on the hub, such as ${id.repo}/weights.pth, got none`,
    );
  }
  const form = kind === 'clip' ? 'clip' : 'pipeline';
  let bar: Progress | undefined;
  try {
    if (offline) return await findHubModel(id, { kind: form });
    return await fetchHubModel(id, {
      kind: form,
      signal,
      note,
      onProgress({ bytesDone, bytesTotal }) {
        bar ??= progress?.({ total: Math.ceil(bytesTotal / 1e6), label: `download ${id.repo}`, unit: 'MB' });
        bar?.update(Math.floor(bytesDone / 1e6));
      },
    });
  } catch (error) {
    throw isBadInput(error) ? badInput(`${local} does not exist, and ${error.message}`, { cause: error }) : error;
  } finally {
    bar?.done();
  }
}

/** All names that `modelFolder` accepts; the base model's name is the first. */
export async function modelNames(project: Project): Promise<string[]> {
  const names = await readdir(project.paths.models).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const base = project.config.model.name;
  const own = names.filter((name) => name !== base && existsSync(join(project.paths.models, name, MODEL_INDEX_FILE)));
  return [base, ...own.sort()];
}

/**
 * Returns the folder of the model `name`: the configured base model, or a folder in models/. Throws when there is no
 * such model.
 */
export async function modelFolder(project: Project, name: string, options: FetchOptions = {}): Promise<string> {
  const names = await modelNames(project);
  if (!names.includes(name)) {
    throw badInput(`model must be one of ${names.join(', ')}, there is no ${quote(name)}${didYouMean(name, names)}`);
  }
  return name === project.config.model.name ? baseModelFolder(project, options) : join(project.paths.models, name);
}
