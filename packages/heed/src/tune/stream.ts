/**
 * Endless, seeded passes over a finite list, each pass in an order of its own. What stands at a place depends on the
 * seed and the place alone, so that a place is all there is to save. It yields indices, no data.
 */
import { createRandom } from '@heed/diffusion/autodiff';

/** An endless sequence of indices of a list of `size` items. */
export interface ShuffledStream {
  readonly size: number;
  /** The `count` indices from place `start` on; every pass of `size` places holds every index once. */
  at(start: number, count: number): number[];
}

/** Streams of different names are independent; equal names, sizes and seeds give equal streams. */
export function createShuffledStream(options: { name: string; size: number; seed: number }): ShuffledStream {
  const { name, size, seed } = options;
  if (size < 1) throw new Error(`stream ${name}: expected at least one item, got ${size}`);
  const random = createRandom(seed).fork(`stream ${name}`);
  let held = { pass: -1, order: [] as number[] };
  const orderOf = (pass: number) => {
    if (held.pass !== pass) {
      held = { pass, order: random.fork(`pass ${pass}`).shuffle(Array.from({ length: size }, (_, i) => i)) };
    }
    return held.order;
  };
  return {
    size,
    at: (start, count) =>
      Array.from({ length: count }, (_, i) => {
        const place = start + i;
        return orderOf(Math.floor(place / size))[place % size]!;
      }),
  };
}
