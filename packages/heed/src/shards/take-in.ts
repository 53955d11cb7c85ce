/** Merges images of shards into the project's index, in the order in which one process would have generated them. */
import { lockHolder, takeProcessLock } from '@heed/diffusion/process-lock';
import { groupBy } from '../collections/group-by.ts';
import { HeedError } from '../errors.ts';
import { createImageStore } from '../images/index.ts';
import type { Project } from '../project/project.ts';
import { type ImageList, readImageLists, recordsOf, removeImageLists, worksWithLists } from './image-lists.ts';
import { type Shard, shardText } from './shard.ts';

/** An incomplete shard. */
export interface LostShard {
  readonly set: string;
  readonly shard: Shard;
  /** Number of images of its latest attempt, and of images to draw; undefined when no attempt was started. */
  readonly drawn?: number;
  readonly images?: number;
  readonly host?: string;
}

export interface TakenIn {
  /** The number of images that this call recorded. */
  readonly images: number;
  readonly incomplete: readonly LostShard[];
}

const HELD = new HeedError('held');

/** Merges shards; undefined when there is nothing to merge, or while another process generates or merges images. */
export async function takeInShards(project: Project): Promise<TakenIn | undefined> {
  if ((await worksWithLists(project)).length === 0) return undefined;
  let lock: Awaited<ReturnType<typeof takeProcessLock>>;
  try {
    lock = await takeProcessLock(project.paths.state, 'generate', { command: MERGE, onHeld: () => HELD });
  } catch (error) {
    if (error === HELD) return undefined;
    throw error;
  }
  try {
    return await takeInLocked(project);
  } finally {
    await lock.release();
  }
}

const MERGE = 'generate --merge';

/** Throws while one process generates the project's images for all shards. */
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
    const lost = lostShards(lists);
    incomplete.push(...lost);
    if (lost.length === 0) await removeImageLists(project, work);
  }
  return { images, incomplete };
}

function lostShards(lists: readonly ImageList[]): LostShard[] {
  const divisions = [...groupBy(lists, ({ shard }) => String(shard.of)).values()].map((attempts) => {
    const { of } = attempts[0]!.shard;
    return Array.from({ length: of }, (_, i) => lostShard(attempts, { number: i + 1, of })).filter(
      (lost) => lost !== undefined,
    );
  });
  // The same work may have been divided again; one division that is done has all of it.
  return divisions.some((lost) => lost.length === 0) ? [] : divisions.flat();
}

function lostShard(attempts: readonly ImageList[], shard: Shard): LostShard | undefined {
  const own = attempts.filter((list) => list.shard.number === shard.number);
  if (own.some(({ isDone }) => isDone)) return undefined;
  const last = own.at(-1);
  const { set } = attempts[0]!;
  if (!last) return { set, shard };
  const { images, process } = last;
  const host = process.host === undefined ? {} : { host: process.host };
  return { set, shard, images, drawn: recordsOf(last).length, ...host };
}

/** One line for each shard that is in progress or must be generated again. */
export function describeIncomplete({ set, shard, drawn, images, host }: LostShard): string {
  const done = drawn === undefined ? 'was not begun' : `has drawn ${drawn} of its ${images} images on host ${host}`;
  return `shard ${shardText(shard)} of set '${set}' ${done}; where it does not run, start it again with --shard ${shardText(shard)}`;
}
