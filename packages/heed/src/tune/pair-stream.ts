/**
 * Endless, seeded passes over pairs of a good and a bad image of one prompt, and over preferences. Each pass matches
 * the images of each prompt again, and no image stands in two pairs of a pass. A prompt is therefore drawn in
 * proportion to its images at most.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { groupBy } from '../collections/group-by.ts';
import { isBad, isGood } from '../reward/labelled-image.ts';

/** Indices of a good and of a bad image of the same prompt. */
export interface SamplePair {
  readonly good: number;
  readonly bad: number;
}

export interface PairStream {
  /** Pairs in a pass; 0 where no prompt has both. */
  readonly size: number;
  /** The `count` pairs from place `start` on. */
  at(start: number, count: number): SamplePair[];
}

/**
 * The pairs among these samples. Labels above one half are good, below it bad, and one half is neither. What raters
 * preferred (`beats`, ids of worse images) makes separate pairs, each once in a pass.
 */
export function createPairStream({
  samples,
  seed,
}: {
  samples: readonly {
    prompt: string;
    label?: number | undefined;
    image?: string | undefined;
    beats?: readonly string[] | undefined;
  }[];
  seed: number;
}): PairStream {
  const indexed = samples.flatMap(({ prompt, label }, index) =>
    label === undefined ? [] : [{ prompt, label, index }],
  );
  const prompts = [...groupBy(indexed, ({ prompt }) => prompt).values()]
    .map((of) => ({ good: of.filter(isGood), bad: of.filter(isBad) }))
    .filter(({ good, bad }) => good.length > 0 && bad.length > 0);
  const places = new Map(samples.map(({ image }, index) => [image, index]));
  const stated = samples.flatMap(({ beats = [] }, good) =>
    beats.flatMap((image) => (places.has(image) ? [{ good, bad: places.get(image)! }] : [])),
  );
  const size = prompts.reduce((total, { good, bad }) => total + Math.min(good.length, bad.length), stated.length);
  const random = createRandom(seed).fork('stream pairs');
  let held = { pass: -1, pairs: [] as SamplePair[] };
  const pairsOf = (pass: number) => {
    if (held.pass !== pass) {
      const own = random.fork(`pass ${pass}`);
      const pairs = prompts.flatMap(({ good, bad }) => {
        const [goods, bads] = [own.shuffle([...good]), own.shuffle([...bad])];
        const count = Math.min(goods.length, bads.length);
        return Array.from({ length: count }, (_, i) => ({ good: goods[i]!.index, bad: bads[i]!.index }));
      });
      held = { pass, pairs: own.shuffle([...pairs, ...stated]) };
    }
    return held.pairs;
  };
  return {
    size,
    at: (start, count) =>
      Array.from({ length: count }, (_, i) => {
        const place = start + i;
        return pairsOf(Math.floor(place / size))[place % size]!;
      }),
  };
}
