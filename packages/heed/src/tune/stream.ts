/**
 * An endless, seeded sequence of passes over a finite list, each pass in a different order. The index at a position
 * depends only on the seed and the position, so that a checkpoint need only save the position. A stream returns indices
 * of items, not the items.
 */
import { createRandom, type RandomGenerator } from '@heed/diffusion/autodiff';

/** An endless sequence of indices into a list of `size` items. */
export interface ShuffledStream {
  readonly size: number;
  /**
   * Returns the `count` indices that begin at position `start`. Without weights, every pass of `size` positions
   * contains every index once.
   */
  at(start: number, count: number): number[];
}

/**
 * Creates a stream. Different names give independent streams; equal names, sizes, weights and seeds give equal streams.
 * With `weights` [size], the number of times that an item appears is proportional to its weight.
 */
export function createShuffledStream(options: {
  name: string;
  size: number;
  seed: number;
  weights?: readonly number[] | undefined;
}): ShuffledStream {
  const { name, size, seed, weights } = options;
  if (size < 1) throw new Error(`stream ${name}: expected at least one item, got ${size}`);
  const random = createRandom(seed).fork(`stream ${name}`);
  const itemsOf = weights
    ? (own: RandomGenerator) => resample(weights, own, name)
    : () => Array.from({ length: size }, (_, i) => i);
  let held = { pass: -1, order: [] as number[] };
  const orderOf = (pass: number) => {
    if (held.pass !== pass) {
      const own = random.fork(`pass ${pass}`);
      held = { pass, order: own.shuffle(itemsOf(own)) };
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

/**
 * Draws as many indices as there are weights by systematic resampling (Kitagawa 1996). The expected number of times
 * that an index appears is proportional to its weight; the actual number is the expected number rounded down or up.
 * Independent draws would vary more.
 */
function resample(weights: readonly number[], random: RandomGenerator, name: string): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0) || weights.some((weight) => !(weight >= 0))) {
    throw new Error(`stream ${name}: expected weights of at least 0 and one above it, got a total of ${total}`);
  }
  const offset = random.uniform();
  const indices: number[] = [];
  let passed = 0;
  for (const [index, weight] of weights.entries()) {
    passed += weight;
    const end = (passed / total) * weights.length;
    while (indices.length < weights.length && indices.length + offset < end) indices.push(index);
  }
  // Rounding can leave the last position empty.
  while (indices.length < weights.length) indices.push(indices.at(-1) ?? 0);
  return indices;
}
