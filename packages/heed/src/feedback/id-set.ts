/**
 * A set of ids that takes 16 bytes of a table for each, whatever their length: a log of a million judgements is looked
 * into at every answer. It keeps digests, so it can tell whether an id is there and not which ones are.
 */
import { createHash } from 'node:crypto';

export interface IdSet {
  readonly size: number;
  has(id: string): boolean;
  add(id: string): void;
}

/** Words of 32 bits in a slot: 128 bits of SHA-256, of which a million have no two alike but by a chance of 1e-27. */
const WORDS = 4;
const FIRST_SLOTS = 1024;
/** The largest share of slots that may be taken; the hash table doubles beyond it. */
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

/** Where the digest is, or the free slot where it would be: the next ones are tried in turn. */
function placeOf(table: Uint32Array, words: Uint32Array): number {
  let place = (words[0]! * WORDS) % table.length;
  while (!isFree(table, place) && !words.every((word, i) => table[place + i] === word)) {
    place = (place + WORDS) % table.length;
  }
  return place;
}

/** A digest's last word is never 0. */
function isFree(table: Uint32Array, place: number): boolean {
  return table[place + WORDS - 1] === 0;
}

function digestOf(id: string): Uint32Array {
  const digest = createHash('sha256').update(id).digest();
  const words = Uint32Array.from({ length: WORDS }, (_, i) => digest.readUInt32LE(4 * i));
  if (words[WORDS - 1] === 0) words[WORDS - 1] = 1;
  return words;
}
