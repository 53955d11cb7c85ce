/**
 * Reads the Hugging Face hub's settings from the environment variables of huggingface_hub. Hugging Face's npm library
 * supports few of these variables.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface HubEnvironment {
  /** The standard cache: `models--org--name/` folders with blobs, refs and snapshots. */
  readonly cacheFolder: string;
  /** The hub's URL, without a slash at the end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** Whether only the cache may be used. */
  readonly offline: boolean;
}

const TRUE: ReadonlySet<string> = new Set(['1', 'ON', 'YES', 'TRUE']);

/**
 * Reads HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH and HF_HUB_OFFLINE, in their
 * documented order.
 */
export function hubEnvironment(variables: Readonly<Record<string, string | undefined>> = process.env): HubEnvironment {
  const given = (name: string) => (variables[name]?.trim() ? expandHome(variables[name].trim()) : undefined);
  const home = given('HF_HOME') ?? join(given('XDG_CACHE_HOME') ?? join(homedir(), '.cache'), 'huggingface');
  return {
    cacheFolder: given('HF_HUB_CACHE') ?? given('HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub'),
    endpoint: (given('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, ''),
    token:
      given('HF_TOKEN') ?? given('HUGGING_FACE_HUB_TOKEN') ?? readToken(given('HF_TOKEN_PATH') ?? join(home, 'token')),
    offline: [given('HF_HUB_OFFLINE'), given('TRANSFORMERS_OFFLINE')].some((value) =>
      TRUE.has((value ?? '').toUpperCase()),
    ),
  };
}

function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}

function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}
