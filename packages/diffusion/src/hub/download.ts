/**
 * Downloads one file of the hub into the cache. An interrupted transfer resumes. Size and hash are checked before the
 * file is used.
 */

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../errors.ts';
import { syncFolder } from '../files/flush.ts';

/** A file as the hub's listing describes it. */
export interface RemoteFile {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of large files, git's blob SHA-1 of small ones. The hash is also the blob's name in the cache. */
  readonly hash: string;
  readonly hashKind: 'sha256' | 'git';
}

const ATTEMPTS = 5;
const FIRST_WAIT_MS = 500;

/**
 * Downloads `file` from `url` to `blob`. If an earlier call left the file `<blob>.incomplete`, the download continues
 * from its end. Throws and leaves no blob if the server refuses, the connection breaks five times without progress, or
 * the bytes differ from what the hub announced. Wrong bytes are deleted.
 */
export async function downloadBlob({
  file,
  url,
  blob,
  source,
  headers = {},
  onBytes,
  signal,
  waitMs = FIRST_WAIT_MS,
}: {
  file: RemoteFile;
  url: string;
  blob: string;
  /** Prefix of error messages. */
  source: string;
  /** HTTP headers of each request; after a redirect to another host, these headers are not sent. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Called with the number of bytes that are on disk so far. */
  onBytes?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Delay before the second attempt; it doubles each time. */
  waitMs?: number;
}): Promise<void> {
  const incomplete = `${blob}.incomplete`;
  await mkdir(dirname(blob), { recursive: true });
  let failures = 0;
  for (;;) {
    const before = await sizeOf(incomplete);
    if (before > file.bytes) await rm(incomplete);
    if (before === file.bytes) break;
    try {
      await transfer({ url, headers, incomplete, from: before > file.bytes ? 0 : before, source, onBytes, signal });
      if ((await sizeOf(incomplete)) >= file.bytes) break;
      throw new Error('the connection ended early');
    } catch (error) {
      if (signal?.aborted || error instanceof RefusedError) throw error;
      failures = (await sizeOf(incomplete)) > before ? 1 : failures + 1;
      if (failures >= ATTEMPTS) {
        throw new InputError(
          `${source}: expected ${file.bytes} bytes, got ${await sizeOf(incomplete)} after ${ATTEMPTS} attempts (${reasonOf(error)}); what is there is kept, the next attempt goes on from it`,
        );
      }
      await sleep(waitMs * 2 ** (failures - 1), undefined, signal ? { signal } : {});
    }
  }
  const found = await hashFile(incomplete, file);
  const size = await sizeOf(incomplete);
  if (size !== file.bytes || found !== file.hash) {
    await rm(incomplete, { force: true });
    throw new InputError(
      size === file.bytes
        ? `${source}: expected ${NAMES[file.hashKind]} ${file.hash}, got ${found}; the file was deleted`
        : `${source}: expected ${file.bytes} bytes, got ${size}; the file was deleted`,
    );
  }
  await rename(incomplete, blob);
  await syncFolder(dirname(blob));
}

const NAMES = { sha256: 'SHA-256', git: 'git blob' } as const;

/** The error when the hub refuses the request, which a retry cannot change. */
class RefusedError extends InputError {}

async function transfer({
  url,
  headers,
  incomplete,
  from,
  source,
  onBytes,
  signal,
}: {
  url: string;
  headers: Readonly<Record<string, string>>;
  incomplete: string;
  from: number;
  source: string;
  onBytes: ((bytes: number) => void) | undefined;
  signal: AbortSignal | undefined;
}): Promise<void> {
  const response = await fetch(url, {
    headers: {
      ...headers,
      // No compression: a byte range of a compressed body is useless.
      'Accept-Encoding': 'identity',
      ...(from > 0 ? { Range: `bytes=${from}-` } : {}),
    },
    ...(signal ? { signal } : {}),
  });
  if (response.status >= 500 || response.status === 429) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status}`);
  }
  if (response.status === 416) {
    await response.body?.cancel();
    await rm(incomplete, { force: true });
    throw new Error('the server has no such range');
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new RefusedError(`${source}: expected the file, got HTTP status ${response.status}`);
  }
  // A server that ignores the range sends everything again.
  const range = /^bytes (\d+)-/.exec(response.headers.get('Content-Range') ?? '')?.[1];
  const continues = response.status === 206 && (range === undefined || Number(range) === from);
  if (response.status === 206 && !continues) {
    await response.body.cancel();
    await rm(incomplete, { force: true });
    throw new Error(`the server sent bytes from ${range} on in place of ${from}`);
  }
  const start = continues ? from : 0;
  let bytes = start;
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  body.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    onBytes?.(bytes);
  });
  await pipeline(
    body,
    createWriteStream(incomplete, { flags: start > 0 ? 'a' : 'w', flush: true }),
    ...(signal ? [{ signal }] : []),
  );
}

async function hashFile(path: string, { hashKind, bytes }: RemoteFile): Promise<string> {
  const hash = createHash(hashKind === 'sha256' ? 'sha256' : 'sha1');
  if (hashKind === 'git') hash.update(`blob ${bytes}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string } };
  return cause?.code ?? message.split('\n')[0]!;
}
