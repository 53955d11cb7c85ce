/**
 * A set of ids, stored in a hash table with 16 bytes for each id, however long the ids are. The set serves logs of a
 * million judgements, in which every answer is looked up. The set stores digests, so it can test membership but not
 * list the ids.
 */
import { createHash } from 'node:crypto';

export interface IdSet {
  readonly size: number;
  has(id: string): boolean;
  add(id: string): void;
}

/** 32-bit words in a slot: 128 bits of SHA-256. Among a million ids, the chance of a collision is 1e-27. */
const WORDS = 4;
const FIRST_SLOTS = 1024;
/** The largest load factor of the hash table; above this factor the table's size doubles. */
const MAX_LOAD = 0.6;

export function createIdSet(): IdSet {
  let table = new Uint32Array(WORDS * FIRST_SLOTS);
  let size = 0;
  const add = (words: Uint32Array) => {
    const place = placeOf(table, words);
    if (!isFree(table, place)) return;
    table.set(words, place);
    size += 1;
  };
  return {
    get size() {
      return size;
    },
    has: (id) => !isFree(table, placeOf(table, digestOf(id))),
    add(id) {
      if (size >= (MAX_LOAD * table.length) / WORDS) {
        const smaller = table;
        table = new Uint32Array(2 * smaller.length);
        size = 0;
        for (let place = 0; place < smaller.length; place += WORDS) {
          if (!isFree(smaller, place)) add(smaller.subarray(place, place + WORDS));
        }
      }
      add(digestOf(id));
    },
  };
}

/** The slot of the digest, or the free slot for it, by linear probing. */
function placeOf(table: Uint32Array, words: Uint32Array): number {
  let place = (words[0]! * WORDS) % table.length;
  while (!isFree(table, place) && !words.every((word, i) => table[place + i] === word)) {
    place = (place + WORDS) % table.length;
  }
  return place;
}

/** Whether a slot is free: a digest's last word is never 0. */
function isFree(table: Uint32Array, place: number): boolean {
  return table[place + WORDS - 1] === 0;
}

function digestOf(id: string): Uint32Array {
  const digest = createHash('sha256').update(id).digest();
  const words = Uint32Array.from({ length: WORDS }, (_, i) => digest.readUInt32LE(4 * i));
  if (words[WORDS - 1] === 0) words[WORDS - 1] = 1;
  return words;
}
