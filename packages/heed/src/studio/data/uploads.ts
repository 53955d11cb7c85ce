/**
 * Files that the owner's page uploads one at a time, until they are imported together. Each file is stored in the
 * studio's state folder, with a number as its name. The original file name is kept only as data and never becomes a
 * path.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { quote } from '../../text/nearest.ts';
import { randomToken } from '../auth/secret.ts';

/** The largest size of a picture file: about that of a 24-megapixel photo at the best quality. */
export const MAX_PICTURE_BYTES = 50_000_000;
/** The largest size of a table or list file. */
export const MAX_LIST_BYTES = 64_000_000;
const MAX_FILES = 20_000;
const MAX_BYTES = 2_000_000_000;
const MAX_OPEN = 4;
const IDLE_MS = 3_600_000;
/**
 * Extensions of table and list files. All other files are taken as pictures; the format of a picture is detected from
 * its bytes.
 */
const LISTS = ['.csv', '.tsv', '.jsonl', '.json'];

export interface UploadedFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** Why an upload was refused. */
export type Refusal = { readonly state: 'unknown' | 'tooLarge' | 'tooMany'; readonly reason: string };

export interface Uploads {
  /** Opens an upload and returns its id; undefined when too many uploads are open. */
  open(): Promise<string | undefined>;
  /** Streams `body` to disk as a file of the upload; a later file of the same name replaces the earlier one. */
  add(id: string, file: { name: string; body: ReadableStream<Uint8Array> | null }): Promise<UploadedFile | Refusal>;
  /** All files of the upload, in order of arrival. */
  files(id: string): readonly UploadedFile[] | undefined;
  /** Removes the upload and its files; returns false when no upload has this id. */
  discard(id: string): Promise<boolean>;
  /** Removes all uploads. */
  close(): Promise<void>;
}

interface Upload {
  readonly folder: string;
  readonly files: Map<string, UploadedFile>;
  count: number;
  touchedMs: number;
}

/** Creates the upload store in `folder`. Files that an earlier studio left in `folder` are removed. */
export async function openUploads(folder: string, options: { nowMs?: () => number } = {}): Promise<Uploads> {
  const { nowMs = () => performance.now() } = options;
  await rm(folder, { recursive: true, force: true });
  const uploads = new Map<string, Upload>();
  const discard = async (id: string) => {
    const upload = uploads.get(id);
    uploads.delete(id);
    if (upload) await rm(upload.folder, { recursive: true, force: true });
    return upload !== undefined;
  };
  return {
    async open() {
      for (const [id, { touchedMs }] of uploads) if (nowMs() - touchedMs > IDLE_MS) await discard(id);
      if (uploads.size >= MAX_OPEN) return undefined;
      const id = randomToken();
      const upload = { folder: join(folder, id), files: new Map(), count: 0, touchedMs: nowMs() };
      uploads.set(id, upload);
      await mkdir(upload.folder, { recursive: true });
      return id;
    },
    async add(id, { name, body }) {
      const upload = uploads.get(id);
      if (!upload) return refuse('unknown', 'there is no such upload');
      upload.touchedMs = nowMs();
      const earlier = [...upload.files.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      if (upload.files.size >= MAX_FILES || earlier >= MAX_BYTES) {
        return refuse('tooMany', `expected at most ${MAX_FILES} files of ${MAX_BYTES} bytes in one upload`);
      }
      const extension = extname(name).toLowerCase();
      const isList = LISTS.includes(extension);
      const limit = isList ? MAX_LIST_BYTES : MAX_PICTURE_BYTES;
      const path = join(upload.folder, `${upload.count++}${isList ? extension : ''}`);
      const bytes = await store(body, path, limit);
      if (bytes === undefined) {
        return refuse('tooLarge', `${quote(name)}: expected at most ${limit} bytes`);
      }
      const file = { name, path, bytes };
      upload.files.set(name, file);
      return file;
    },
    files: (id) => {
      const upload = uploads.get(id);
      if (!upload) return undefined;
      upload.touchedMs = nowMs();
      return [...upload.files.values()];
    },
    discard,
    async close() {
      uploads.clear();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Writes `body` to `path` and returns the number of bytes. If `body` is larger than `limit`, the function deletes the
 * file and returns undefined.
 */
async function store(
  body: ReadableStream<Uint8Array> | null,
  path: string,
  limit: number,
): Promise<number | undefined> {
  let bytes = 0;
  let isTooLarge = false;
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      isTooLarge = bytes > limit;
      done(isTooLarge ? new Error('too large') : null, chunk);
    },
  });
  const source = body === null ? Readable.from([]) : Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  try {
    await pipeline(source, count, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    await rm(path, { force: true });
    if (isTooLarge) return undefined;
    throw error;
  }
  return bytes;
}

function refuse(state: Refusal['state'], reason: string): Refusal {
  return { state, reason };
}
