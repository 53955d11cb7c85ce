// Draws from small distributions, on top of a seeded generator. Keeps no state.
import type { RandomGenerator } from '@heed/diffusion/autodiff';

/** A number in [low, high). */
export function between(random: RandomGenerator, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}

/** An integer in [low, high], both ends included. */
export function integerBetween(random: RandomGenerator, low: number, high: number): number {
  return low + random.integer(high - low + 1);
}

/** True with the given probability; always takes exactly one draw. */
export function chance(random: RandomGenerator, probability: number): boolean {
  return random.uniform() < probability;
}

/** Draws one item, each with equal probability; throws for an empty list. */
export function pick<T>(random: RandomGenerator, items: readonly T[]): T {
  if (items.length === 0) throw new Error('a list to pick from must have at least one item, this one has 0');
  return items[random.integer(items.length)] as T;
}

/** One key of the table, with a probability in proportion to its weight. */
export function pickWeighted<K extends string>(random: RandomGenerator, weights: Readonly<Record<K, number>>): K {
  const entries = Object.entries(weights) as [K, number][];
  let rest = random.uniform() * entries.reduce((total, [, weight]) => total + weight, 0);
  for (const [key, weight] of entries) {
    rest -= weight;
    if (rest < 0) return key;
  }
  // Rounding can leave a little probability over, which goes to the last key with a positive weight.
  const last = entries.findLast(([, weight]) => weight > 0);
  if (!last) throw new Error('weights to pick by must hold one above 0, these hold none');
  return last[0];
}
