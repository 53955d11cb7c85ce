/**
 * Makes a model of the Hugging Face hub available as a local folder. Missing files are downloaded, checked and linked
 * into the cache. Only the code in `hub/` uses the network, and only for hub ids.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkClipConfigs } from '../checkpoint/clip-folder.ts';
import { readModelConfigs } from '../checkpoint/model-configs.ts';
import { checkModelIndex } from '../checkpoint/model-index.ts';
import { InputError } from '../errors.ts';
import { loadTokenizer } from '../tokenizer/tokenizer.ts';
import { findSnapshot, isCommit, linkBlob, repoFolder, snapshotFiles, writeRef } from './cache.ts';
import { downloadBlob, type RemoteFile } from './download.ts';
import { type HubEnvironment, hubEnvironment } from './environment.ts';
import { authorization, fileUrl, HubError, listRepository } from './hub-api.ts';
import type { HubId } from './hub-id.ts';
import { type HubModelKind, wantedFiles } from './wanted-files.ts';

export interface FetchModelOptions {
  kind?: HubModelKind;
  environment?: HubEnvironment;
  /** Progress in bytes over all files that this call downloads. */
  onProgress?: ((progress: { file: string; bytesDone: number; bytesTotal: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Called with a message when a cached model is used because the hub cannot be reached. */
  note?: ((text: string) => void) | undefined;
  /** Whether to fetch and check only the small files; the result is then a folder without weights. */
  configsOnly?: boolean | undefined;
}

/** The error when the model is not complete in the cache and no network may be used. */
export class NotCachedError extends InputError {}

/**
 * Returns the path of the model: a snapshot folder of the standard cache, or a checkpoint file in it if `id` names one.
 * If the hub cannot be reached, a complete cached model is used, as huggingface_hub does. Throws an InputError for an
 * unknown model, a denied access, a missing file, a broken transfer, or wrong bytes. Another family of models is
 * refused before its weights are downloaded. Offline, the error names the missing files.
 */
export async function fetchHubModel(id: HubId, options: FetchModelOptions = {}): Promise<string> {
  const { kind = 'pipeline', environment = hubEnvironment(), signal, configsOnly = false } = options;
  const { revision, file } = id;
  if (environment.offline) return findHubModel(id, options);
  const cached = await findHubModel(id, options).catch((error: unknown) => {
    if (error instanceof NotCachedError) return undefined;
    throw error;
  });
  if (cached !== undefined && isCommit(revision)) return cached;

  const source = `${describe(id)} on ${environment.endpoint}`;
  const listed = await listRepository(id, { environment, source, signal }).catch((error: unknown) => {
    if (!(error instanceof HubError) || error.kind === 'revision') throw error;
    if (cached === undefined) {
      throw error.kind === 'unreachable'
        ? new HubError(`${error.message}, and the cache lacks the model`, 'unreachable')
        : error;
    }
    options.note?.(`${error.message}; the model is taken from the cache as it was last fetched`);
    return undefined;
  });
  if (listed === undefined) return cached!;
  const { commit, files } = listed;
  const { configs, weights } = chooseFiles(new Set(files.keys()), { kind, file, source });
  signal?.throwIfAborted();
  const folder = repoFolder(environment.cacheFolder, id.repo);
  const snapshot = join(folder, 'snapshots', commit);
  const remote = (path: string) => files.get(path)!;
  const wanted = configsOnly ? configs : [...configs, ...weights];
  const bytesTotal = wanted.reduce((sum, path) => sum + remote(path).bytes, 0);
  let before = 0;
  const bring = async (path: string) => {
    const { onProgress } = options;
    const onBytes = (bytes: number) => onProgress?.({ file: path, bytesDone: before + bytes, bytesTotal });
    await bringFile(remote(path), { id, commit, folder, snapshot, environment, onBytes, signal });
    before += remote(path).bytes;
    onBytes(0);
  };
  for (const path of configs) await bring(path);
  if (file === undefined) await checkConfigs(snapshot, kind);
  if (configsOnly) return snapshot;
  for (const path of weights) await bring(path);
  await writeRef(folder, revision, commit);
  return file === undefined ? snapshot : join(snapshot, file);
}

/** The path of a cached model. Throws a `NotCachedError` when files are missing. Uses no network. */
export async function findHubModel(
  id: HubId,
  { kind = 'pipeline', environment = hubEnvironment() }: Pick<FetchModelOptions, 'kind' | 'environment'> = {},
): Promise<string> {
  const { repo, revision, file } = id;
  const cached = await findSnapshot(repoFolder(environment.cacheFolder, repo), revision);
  const where = `${describe(id)}: ${environment.offline ? 'HF_HUB_OFFLINE is set, and ' : ''}the cache ${environment.cacheFolder}`;
  if (cached === undefined) throw new NotCachedError(`${where}: expected a snapshot of the model, got none`);
  const available = new Set(await snapshotFiles(cached));
  try {
    chooseFiles(available, { kind, file, source: where });
  } catch (error) {
    throw error instanceof InputError ? new NotCachedError(error.message) : error;
  }
  return file === undefined ? cached : join(cached, file);
}

function chooseFiles(
  available: ReadonlySet<string>,
  { kind, file, source }: { kind: HubModelKind; file: string | undefined; source: string },
): { configs: string[]; weights: string[] } {
  if (file === undefined) return wantedFiles(available, { kind, source });
  if (available.has(file)) return { configs: [], weights: [file] };
  throw new InputError(`${source}: expected the file ${file}, got none`);
}

async function bringFile(
  file: RemoteFile,
  {
    id,
    commit,
    folder,
    snapshot,
    environment,
    onBytes,
    signal,
  }: {
    id: HubId;
    commit: string;
    folder: string;
    snapshot: string;
    environment: HubEnvironment;
    onBytes: (bytes: number) => void;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const blob = join(folder, 'blobs', file.hash);
  const pointer = join(snapshot, file.path);
  if ((await stat(blob).catch(() => undefined))?.size !== file.bytes) {
    const { endpoint } = environment;
    const url = fileUrl(id, { commit, path: file.path, endpoint });
    const source = `${id.repo}/${file.path} on ${endpoint}`;
    await downloadBlob({ file, url, blob, source, headers: authorization(environment), onBytes, signal });
  }
  await linkBlob({ blob, pointer });
}

/** Throws for another family of models, when only the configs have been fetched. */
async function checkConfigs(snapshot: string, kind: HubModelKind): Promise<void> {
  if (kind === 'clip') return checkClipConfigs(snapshot);
  await checkModelIndex(snapshot);
  await readModelConfigs(snapshot);
  await loadTokenizer(join(snapshot, 'tokenizer'));
}

function describe({ repo, revision }: HubId): string {
  return revision === 'main' ? repo : `${repo}@${revision}`;
}
