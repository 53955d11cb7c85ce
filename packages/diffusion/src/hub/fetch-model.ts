/**
 * A model of the Hugging Face hub as a folder on disk: what the cache lacks is downloaded, checked and linked into it.
 * The one place in heed that talks to a network, and only when a hub id was asked for.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileDownloadInfo, HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { COMPONENT_KINDS } from '../checkpoint/component-kinds.ts';
import { MAX_CONFIG_BYTES, readJsonFile } from '../checkpoint/json-file.ts';
import { checkModelIndex } from '../checkpoint/model-index.ts';
import { InputError } from '../errors.ts';
import { findSnapshot, isCommit, linkBlob, repoFolder, snapshotFiles, writeRef } from './cache.ts';
import { downloadBlob, type RemoteFile } from './download.ts';
import { type HubEnvironment, hubEnvironment } from './environment.ts';
import type { HubId } from './hub-id.ts';
import { type HubModelKind, wantedFiles } from './wanted-files.ts';

export interface FetchModelOptions {
  kind?: HubModelKind;
  environment?: HubEnvironment;
  /** Bytes of all files that this call downloads. */
  onProgress?: ((progress: { file: string; bytesDone: number; bytesTotal: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The path of the model: a snapshot folder of the standard cache, or the checkpoint file in it where `id` names one.
 * Throws one sentence: no such model or no right to it, a file that is missing, pickled weights, a transfer that breaks
 * or brings other bytes than announced, another family of models (before its weights are downloaded); offline, what the
 * cache lacks.
 */
export async function fetchHubModel(id: HubId, options: FetchModelOptions = {}): Promise<string> {
  const { kind = 'pipeline', environment = hubEnvironment(), signal } = options;
  const { repo, revision, file } = id;
  const folder = repoFolder(environment.cacheFolder, repo);
  const choose = (available: ReadonlySet<string>, source: string) => chooseFiles(available, { kind, file, source });
  const cached = await findSnapshot(folder, revision);
  const fromCache = async () => {
    const where = `${describe(id)}: HF_HUB_OFFLINE is set, and the cache ${environment.cacheFolder}`;
    if (cached === undefined) throw new InputError(`${where}: expected a snapshot of the model, got none`);
    choose(new Set(await snapshotFiles(cached)), where);
    return file === undefined ? cached : join(cached, file);
  };
  if (environment.offline) return fromCache();
  if (cached !== undefined && isCommit(revision)) {
    const whole = await fromCache().catch(() => undefined);
    if (whole !== undefined) return whole;
  }

  const source = `${describe(id)} on ${environment.endpoint}`;
  const { commit, files } = await listRepository(id, { environment, source });
  const { configs, weights } = choose(new Set(files.keys()), source);
  signal?.throwIfAborted();
  const snapshot = join(folder, 'snapshots', commit);
  const remote = (path: string) => files.get(path)!;
  const bytesTotal = [...configs, ...weights].reduce((sum, path) => sum + remote(path).bytes, 0);
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
  for (const path of weights) await bring(path);
  await writeRef(folder, revision, commit);
  return file === undefined ? snapshot : join(snapshot, file);
}

function chooseFiles(
  available: ReadonlySet<string>,
  { kind, file, source }: { kind: HubModelKind; file: string | undefined; source: string },
): { configs: string[]; weights: string[] } {
  if (file === undefined) return wantedFiles(available, { kind, source });
  if (available.has(file)) return { configs: [], weights: [file] };
  throw new InputError(`${source}: expected the file ${file}, got none`);
}

/** The commit that the revision is at now, and its files. */
async function listRepository(
  { repo, revision }: HubId,
  { environment, source }: { environment: HubEnvironment; source: string },
): Promise<{ commit: string; files: Map<string, RemoteFile> }> {
  const access = {
    hubUrl: environment.endpoint,
    ...(environment.token === undefined ? {} : { accessToken: environment.token }),
  };
  try {
    const { sha: commit } = await modelInfo({ name: repo, revision, additionalFields: ['sha'], ...access });
    if (typeof commit !== 'string' || !isCommit(commit)) {
      throw new InputError(`${source}: expected a commit of 40 hex digits, got ${JSON.stringify(commit)}`);
    }
    const files = new Map<string, RemoteFile>();
    for await (const entry of listFiles({ repo, revision: commit, recursive: true, ...access })) {
      if (entry.type !== 'file' || !isPlainPath(entry.path)) continue;
      const hash = entry.lfs?.oid ?? entry.oid;
      const hashKind = entry.lfs ? 'sha256' : 'git';
      if (hash === undefined || !HASHES[hashKind].test(hash)) continue;
      files.set(entry.path, { path: entry.path, bytes: entry.lfs?.size ?? entry.size, hash, hashKind });
    }
    return { commit, files };
  } catch (error) {
    throw explain(error, source);
  }
}

const HASHES = { sha256: /^[0-9a-f]{64}$/, git: /^[0-9a-f]{40}$/ } as const;

/** The path comes from the repository and is joined to a folder here. */
function isPlainPath(path: string): boolean {
  return !/^[\\/]|\\|:|\0/.test(path) && !path.split('/').some((part) => part === '' || part === '.' || part === '..');
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
    const { endpoint, token } = environment;
    const source = `${id.repo}/${file.path} on ${endpoint}`;
    const info = await fileDownloadInfo({
      repo: id.repo,
      path: file.path,
      revision: commit,
      hubUrl: endpoint,
      ...(token === undefined ? {} : { accessToken: token }),
    }).catch((error: unknown) => {
      throw explain(error, source);
    });
    if (info === null) throw new InputError(`${source}: expected the file, got none`);
    await downloadBlob({ file, url: info.url, blob, source, token, onBytes, signal });
  }
  await linkBlob({ blob, pointer });
}

/** Refuses another family of models while only its configs have been fetched. */
async function checkConfigs(snapshot: string, kind: HubModelKind): Promise<void> {
  if (kind === 'pipeline') await checkModelIndex(snapshot);
  const parts = kind === 'pipeline' ? (['unet', 'vae', 'textEncoder'] as const) : (['clip'] as const);
  for (const part of parts) {
    const path = join(snapshot, COMPONENT_KINDS[part].folder, 'config.json');
    COMPONENT_KINDS[part].parse(await readJsonFile(path, { maxBytes: MAX_CONFIG_BYTES }), path);
  }
}

function describe({ repo, revision }: HubId): string {
  return revision === 'main' ? repo : `${repo}@${revision}`;
}

function explain(error: unknown, source: string): Error {
  if (error instanceof HubApiError) {
    const { statusCode } = error;
    const reason =
      statusCode === 404
        ? 'no such model, file or revision'
        : statusCode === 401 || statusCode === 403
          ? `no right to it (HTTP status ${statusCode}; private and gated models need HF_TOKEN)`
          : `HTTP status ${statusCode}`;
    return new InputError(`${source}: expected a model, got ${reason}`);
  }
  const { message, cause } = error as Error & { cause?: { code?: string } };
  if (message.startsWith(source)) return error as Error;
  return new InputError(
    `${source}: expected an answer, got ${cause?.code ?? message.split('\n')[0]} (with HF_HUB_OFFLINE=1 the cache alone is asked)`,
  );
}
