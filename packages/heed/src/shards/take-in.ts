/** Merges images of shards into the project's index, in the order in which one process would have generated them. */
import { join } from 'node:path';
import { type LockHolder, lockHolder } from '@heed/diffusion/process-lock';
import { groupBy } from '../collections/group-by.ts';
import { HeedError } from '../errors.ts';
import { createImageStore } from '../images/index.ts';
import { MERGE } from '../project/drawing-lock.ts';
import { holderOf, withAwaitedLock } from '../project/lock.ts';
import type { Project } from '../project/project.ts';
import {
  type ImageList,
  readImageLists,
  recordsOf,
  removeImageLists,
  shardsFolder,
  worksWithLists,
} from './image-lists.ts';
import { type Shard, shardText } from './shard.ts';

/** An incomplete shard. */
export interface LostShard {
  readonly set: string;
  readonly shard: Shard;
  /**
   * Number of images that the shard's latest attempt has drawn, and that it must draw; undefined when no attempt was
   * started.
   */
  readonly drawn?: number;
  readonly images?: number;
  readonly host?: string;
  /** Folder of the lists of all shards of this work. */
  readonly folder: string;
}

export interface TakenIn {
  /** The number of images that this call recorded. */
  readonly images: number;
  readonly incomplete: readonly LostShard[];
}

/**
 * Merges shards; undefined when there is nothing to merge, or while another process generates images. If another
 * process is merging, the call waits for it, so that the caller sees the merged images.
 */
export async function takeInShards(project: Project): Promise<TakenIn | undefined> {
  if ((await worksWithLists(project)).length === 0) return undefined;
  const options = { command: MERGE, isAwaited: isMerging, lookEveryMs: 50 };
  try {
    return await withAwaitedLock(project, 'generate', options, () => takeInLocked(project));
  } catch (error) {
    if (holderOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** Whether a process of this host holds the lock to merge shards, which takes seconds. */
function isMerging({ command, state }: LockHolder): boolean {
  return command === MERGE && state === 'alive';
}

/** Throws while a process generates the project's images without shards. */
export async function checkNotGenerating(project: Project): Promise<void> {
  const holder = await lockHolder(project.paths.state, 'generate');
  if (holder === undefined || holder.command === MERGE || holder.state === 'unknown') return;
  throw new HeedError(
    `process ${holder.pid} has been running \`heed ${holder.command}\` without shards since ${holder.since}; wait for it, or end it`,
  );
}

/** Merges shards for a caller that holds the lock of `heed generate`. */
export async function takeInLocked(project: Project): Promise<TakenIn> {
  let images = 0;
  const incomplete: LostShard[] = [];
  for (const work of await worksWithLists(project)) {
    const lists = await readImageLists(project, work);
    const store = createImageStore(project.paths.images);
    try {
      for (const record of lists.flatMap(recordsOf)) if (await store.takeIn(record)) images += 1;
    } finally {
      await store.close();
    }
    const lost = lostShards(lists).map((shard) => ({ ...shard, folder: join(shardsFolder(project), work) }));
    incomplete.push(...lost);
    if (lost.length === 0) await removeImageLists(project, work);
  }
  return { images, incomplete };
}

function lostShards(lists: readonly ImageList[]): Omit<LostShard, 'folder'>[] {
  const divisions = [...groupBy(lists, ({ shard }) => String(shard.of)).values()].map((attempts) => {
    const { of } = attempts[0]!.shard;
    return Array.from({ length: of }, (_, i) => lostShard(attempts, { number: i + 1, of })).filter(
      (lost) => lost !== undefined,
    );
  });
  // The same work may have been divided again; one division that is done has all of it.
  return divisions.some((lost) => lost.length === 0) ? [] : divisions.flat();
}

function lostShard(attempts: readonly ImageList[], shard: Shard): Omit<LostShard, 'folder'> | undefined {
  const own = attempts.filter((list) => list.shard.number === shard.number);
  if (own.some(({ isDone }) => isDone)) return undefined;
  const last = own.at(-1);
  const { set } = attempts[0]!;
  if (!last) return { set, shard };
  const { images, process } = last;
  const host = process.host === undefined ? {} : { host: process.host };
  return { set, shard, images, drawn: recordsOf(last).length, ...host };
}

/** Describes in one line a shard that is in progress or must be generated again. */
export function describeIncomplete({ set, shard, drawn, images, host, folder }: LostShard): string {
  const done = drawn === undefined ? 'was not begun' : `has drawn ${drawn} of its ${images} images on host ${host}`;
  return `shard ${shardText(shard)} of set '${set}' ${done}; where it does not run, start it again with --shard ${shardText(shard)} and the same settings, or remove ${folder} to give it up`;
}
