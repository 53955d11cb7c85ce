/**
 * Endless, seeded passes over preferences and over pairs of a good and a bad image of one prompt. Each pass pairs the
 * images of a prompt again, and uses each image at most once. A prompt's share of the pairs is therefore at most
 * proportional to its number of images.
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
  /** Number of pairs in a pass; 0 when no prompt has both good and bad images. */
  readonly size: number;
  /** The `count` pairs from position `start` on. */
  at(start: number, count: number): SamplePair[];
}

/**
 * Makes the stream of pairs among these samples. A label above one half is good, below it bad; one half is neither.
 * Preferences (`beats`, ids of worse images) make separate pairs, each once in a pass.
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
