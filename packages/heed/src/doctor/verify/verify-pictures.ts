/**
 * Compares every picture of a project with its id, which is a hash, and the index of images with its recorded
 * checksums.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IMAGE_INDEX_FILE, imageId, imageStates } from '../../images/index.ts';
import { parseImageRecord } from '../../images/record.ts';
import type { FileFault } from './verify-folder.ts';
import { type VerifiedLines, verifyLines } from './verify-lines.ts';

export interface VerifiedPictures {
  readonly index: VerifiedLines;
  /** Ids of the pictures that the index lists. */
  readonly listed: ReadonlySet<string>;
  readonly faults: readonly FileFault[];
  /** Pictures that no line of the index names. */
  readonly unlisted: number;
}

const FILE = /^([0-9a-f]{2})\/(\1[0-9a-f]{14})\.png$/;

export async function verifyPictures(
  folder: string,
  { signal, onPicture }: { signal: AbortSignal; onPicture: (done: number, total: number) => void },
): Promise<VerifiedPictures> {
  const faults: FileFault[] = [];
  const files = new Set<string>();
  const index = await verifyLines(join(folder, IMAGE_INDEX_FILE), {
    parse: parseImageRecord,
    signal,
    onLine(value) {
      const { id, file } = value as ReturnType<typeof parseImageRecord>;
      if (FILE.exec(file)?.[2] === id) files.add(file);
      else faults.push({ path: IMAGE_INDEX_FILE, fault: `expected a picture's own name for ${id}, got another` });
    },
  });
  let done = 0;
  const states = imageStates(folder);
  for (const file of files) {
    // Its file went on request, and an event says so.
    if (states.get(FILE.exec(file)![2]!) === 'removed') {
      onPicture(++done, files.size);
      continue;
    }
    signal.throwIfAborted();
    const fault = await faultOf(join(folder, file), { id: FILE.exec(file)![2]!, files });
    if (fault !== undefined) faults.push({ path: file, fault });
    onPicture(++done, files.size);
  }
  const listed = new Set([...files].map((file) => FILE.exec(file)![2]!));
  return { index, listed, faults, unlisted: await countUnlisted(folder, files) };
}

async function faultOf(
  path: string,
  { id, files }: { id: string; files: ReadonlySet<string> },
): Promise<string | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') return undefined;
    throw error;
  });
  if (bytes === undefined) return 'expected a picture, found no such file';
  const found = imageId(bytes);
  if (found === id) return undefined;
  const other = `${found.slice(0, 2)}/${found}.png`;
  if (files.has(other)) return `expected the picture with this hash, got that of ${other}`;
  const isWhole = bytes.subarray(-8, -4).toString('latin1') === 'IEND';
  return isWhole
    ? `expected the picture with this hash, got ${found}`
    : `expected a whole PNG, got ${bytes.length} bytes of one`;
}

async function countUnlisted(folder: string, files: ReadonlySet<string>): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => FILE.test(name.replaceAll('\\', '/')) && !files.has(name.replaceAll('\\', '/'))).length;
}
