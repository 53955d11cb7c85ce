/**
 * A shard: one of several contiguous parts of a list of work. Each of several processes, also on several hosts, works
 * on one shard.
 */
import { badInput } from '../errors.ts';
import { quote } from '../text/nearest.ts';

export interface Shard {
  /** From 1 to `of`. */
  readonly number: number;
  readonly of: number;
}

/** Parses '2/4'; undefined for a single shard ('1/1'). */
export function parseShard(text: string): Shard | undefined {
  const [, number, of] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text.trim()) ?? []).map(Number);
  if (number === undefined || of === undefined || number < 1 || number > of) {
    throw badInput(`--shard: expected a shard and their number such as 1/4, got ${quote(text)}`);
  }
  return of === 1 ? undefined : { number, of };
}

export function shardText({ number, of }: Shard): string {
  return `${number}/${of}`;
}

/**
 * The shard's part of a list. All shards together contain every item once, in order; the lengths of the shards differ
 * by at most one.
 */
export function partOf<T>(items: readonly T[], { number, of }: Shard): T[] {
  const bound = (index: number) => Math.floor((index * items.length) / of);
  return items.slice(bound(number - 1), bound(number));
}
