/**
 * Lists of images that shards drew, in `images/shards/<work>/<shard>.<attempt>.jsonl`. A `.json` file beside each list
 * names the process that writes the list. Each attempt at a shard writes its own files, so that a shard can be
 * restarted even if its first process may still run. Two attempts at a shard generate images of the same recipes, but
 * merging records each recipe only once.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { type ProcessMark, processMark, stateOf } from '@heed/diffusion/process-mark';
import { z } from 'zod';
import { HeedError } from '../errors.ts';
import { readJsonLines } from '../files/json-lines.ts';
import type { ImageRecipe, ImageRecord } from '../images/index.ts';
import { parseImageRecord } from '../images/record.ts';
import type { Project } from '../project/project.ts';
import { type Shard, shardText } from './shard.ts';

/** One attempt to generate the images of one shard. */
export interface ImageList {
  readonly shard: Shard;
  readonly set: string;
  /** Number of images that were missing when the attempt started. */
  readonly images: number;
  /** Whether the attempt generated all its images. */
  readonly isDone: boolean;
  readonly process: ProcessMark;
  readonly since: string;
  /** Path of the list of records. */
  readonly path: string;
}

const headerSchema = z.object({
  shard: z.object({ number: z.int().positive(), of: z.int().positive() }),
  set: z.string(),
  images: z.int().nonnegative(),
  isDone: z.boolean(),
  process: z.looseObject({ pid: z.int() }),
  since: z.string(),
});

export function shardsFolder(project: Project): string {
  return join(project.paths.images, 'shards');
}

/** Id of the work that is divided into shards; the id depends on the set and on the recipes of all images. */
export function workOf(set: string, recipes: readonly ImageRecipe[]): string {
  const hash = createHash('sha256');
  for (const recipe of recipes) hash.update(JSON.stringify(recipe));
  return `${set}-${hash.digest('hex').slice(0, 12)}`;
}

/** Ids of all works for which lists of images exist. */
export async function worksWithLists(project: Project): Promise<string[]> {
  const folder = shardsFolder(project);
  return existsSync(folder) ? (await readdir(folder)).sort() : [];
}

/** Reads all attempts at the shards of a work, sorted by shard, then by time. */
export async function readImageLists(project: Project, work: string): Promise<ImageList[]> {
  const folder = join(shardsFolder(project), work);
  const files = await readdir(folder).catch(() => [] as string[]);
  const lists = await Promise.all(
    files.filter((file) => file.endsWith('.json')).map((file) => readHeader(join(folder, file))),
  );
  return lists
    .filter((list) => list !== undefined)
    .sort((a, b) => a.shard.number - b.shard.number || a.since.localeCompare(b.since));
}

async function readHeader(path: string): Promise<ImageList | undefined> {
  try {
    const header = headerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { ...header, process: header.process as ProcessMark, path: `${path.slice(0, -'.json'.length)}.jsonl` };
  } catch (error) {
    // Taken in and removed by another command meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new HeedError(`${path}: expected what a shard says of itself, got a damaged file; remove it`, {
      cause: error,
    });
  }
}

/** The complete records of a list. */
export function recordsOf({ path }: Pick<ImageList, 'path'>): ImageRecord[] {
  return readJsonLines(path, parseImageRecord).records;
}

/** Starts an attempt; `finish` marks it as complete. */
export async function beginImageList(
  project: Project,
  options: { work: string; shard: Shard; set: string; images: number },
): Promise<{ path: string; finish(): Promise<void> }> {
  const { work, shard, set, images } = options;
  const folder = join(shardsFolder(project), work);
  await mkdir(folder, { recursive: true });
  const base = join(folder, `${shard.number}-of-${shard.of}.${randomUUID().slice(0, 8)}`);
  const header = { shard, set, images, process: processMark(process.pid), since: new Date().toISOString() };
  const write = (isDone: boolean) => writeFileAtomically(`${base}.json`, JSON.stringify({ ...header, isDone }));
  await write(false);
  return {
    path: `${base}.jsonl`,
    async finish() {
      // Where another attempt was first, all is taken in and the lists are gone.
      if (existsSync(folder)) await write(true);
    },
  };
}

/**
 * Throws when a process of this host generates the same work or shard. Reports processes on other hosts, which cannot
 * be checked.
 */
export async function checkNotDrawn(
  project: Project,
  options: { work: string; shard?: Shard | undefined; note?: ((text: string) => void) | undefined },
): Promise<void> {
  const { work, shard, note } = options;
  for (const list of await readImageLists(project, work)) {
    const isSame = shard === undefined || (list.shard.number === shard.number && list.shard.of === shard.of);
    if (list.isDone || !isSame) continue;
    const { pid, host } = list.process;
    const text = `shard ${shardText(list.shard)} of set '${list.set}'`;
    const state = stateOf(list.process);
    if (state === 'alive') {
      throw new HeedError(`process ${pid} has been drawing ${text} since ${list.since}, and only one can at a time`);
    }
    if (state === 'unknown') {
      note?.(`${text} was begun on host ${host ?? '?'} at ${list.since} and has not ended; its images count once`);
    }
  }
}

/** Removes the lists of a work whose images are all recorded. */
export async function removeImageLists(project: Project, work: string): Promise<void> {
  await rm(join(shardsFolder(project), work), { recursive: true, force: true });
}
