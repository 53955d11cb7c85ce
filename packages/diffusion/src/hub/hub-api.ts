/** The part of the hub's HTTP API that downloads need: the commit of a revision, and its files. */
import { listFiles, modelInfo } from '@huggingface/hub';
import { InputError } from '../errors.ts';
import { isCommit } from './cache.ts';
import type { RemoteFile } from './download.ts';
import type { HubEnvironment } from './environment.ts';
import type { HubId } from './hub-id.ts';

/** The error when the hub did not respond or refused the request. */
export class HubError extends InputError {
  /**
   * `unreachable` means that no server responded. `revision` means that the model exists but not in the requested
   * revision.
   */
  readonly kind: 'refused' | 'revision' | 'unreachable';

  constructor(message: string, kind: HubError['kind'] = 'refused') {
    super(message);
    this.kind = kind;
  }
}

/** What every call to the hub needs, besides the model's id. */
export interface HubCall {
  readonly environment: HubEnvironment;
  /** Prefix of error messages. */
  readonly source: string;
  readonly signal?: AbortSignal | undefined;
}

/** The current commit of the revision, and its files. Throws a `HubError`. */
export async function listRepository(
  { repo, revision }: HubId,
  call: HubCall,
): Promise<{ commit: string; files: Map<string, RemoteFile> }> {
  const access = { hubUrl: call.environment.endpoint, fetch: fetchFor(call) };
  const { sha: commit } = await modelInfo({ name: repo, revision, additionalFields: ['sha'], ...access });
  if (typeof commit !== 'string' || !isCommit(commit)) {
    throw new HubError(`${call.source}: expected a commit of 40 hex digits, got something else`);
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
}

/** URL of a file at a commit. The hub responds with the file, or with a redirect to the server that stores the file. */
export function fileUrl(
  { repo }: HubId,
  { commit, path, endpoint }: { commit: string; path: string; endpoint: string },
) {
  return `${endpoint}/${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

/**
 * Headers that send the token in `environment`, if any. A mirror's token need not look like a token of Hugging Face.
 */
export function authorization({ token }: HubEnvironment): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

const HASHES = { sha256: /^[0-9a-f]{64}$/, git: /^[0-9a-f]{40}$/ } as const;

/** Whether the path, which comes from the repository, is safe to append to a folder's path. */
function isPlainPath(path: string): boolean {
  return !/^[\\/]|\\|:|\0/.test(path) && !path.split('/').some((part) => part === '' || part === '.' || part === '..');
}

/** `fetch` with the token. A refusal becomes a `HubError` with the hub's message. */
function fetchFor({ environment, source, signal }: HubCall): typeof fetch {
  return async (input, init) => {
    const headers = { ...(init?.headers as Record<string, string> | undefined), ...authorization(environment) };
    const response = await fetch(input, { ...init, headers, signal: signal ?? null }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      const { message, cause } = error as Error & { cause?: { code?: string } };
      const got = cause?.code ?? message.split('\n')[0];
      throw new HubError(`${source}: expected an answer, got ${got}`, 'unreachable');
    });
    if (response.ok) return response;
    throw await refusal(response, environment, source);
  };
}

/**
 * Reads a refusal as huggingface_hub's `hf_raise_for_status` does: the headers give the hub's error code and message,
 * and the body repeats the message.
 */
async function refusal(response: Response, { token }: HubEnvironment, source: string): Promise<HubError> {
  const { status } = response;
  const code = response.headers.get('X-Error-Code');
  const said = response.headers.get('X-Error-Message') ?? (await sentenceOf(response));
  const words = said === undefined ? `HTTP status ${status}` : `"${said}" (HTTP status ${status})`;
  const isRevisionMissing = code === 'RevisionNotFound';
  // The hub answers 401 for a model that does not exist, too: whether it does is a secret to strangers.
  const advice =
    code === 'GatedRepo' || status === 403
      ? '; access to it must be granted, and HF_TOKEN be set'
      : isRevisionMissing
        ? '; is the revision right?'
        : status === 401 || status === 404
          ? `; is the name right? ${token === undefined ? 'A private model needs HF_TOKEN' : 'May the token of HF_TOKEN read it?'}`
          : '';
  return new HubError(`${source}: expected a model, got ${words}${advice}`, isRevisionMissing ? 'revision' : 'refused');
}

async function sentenceOf(response: Response): Promise<string | undefined> {
  const text = await response.text().catch(() => '');
  try {
    const { error, message } = JSON.parse(text) as { error?: unknown; message?: unknown };
    const found = [error, message].find((one): one is string => typeof one === 'string' && one !== '');
    return found?.split('\n', 1).join('').slice(0, 300);
  } catch {
    return undefined;
  }
}
