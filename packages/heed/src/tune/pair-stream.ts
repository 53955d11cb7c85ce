/**
 * An endless, seeded stream of training pairs: preferences, and pairs of a good and a bad image of the same prompt.
 * Each pass forms new pairs of good and bad images, and uses each image at most once in these pairs. A prompt with n
 * images therefore gives at most n / 2 of these pairs in a pass.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { groupBy } from '../collections/group-by.ts';
import { isBad, isGood } from '../reward/labelled-image.ts';

/** Indices of the samples of a good and a bad image of the same prompt. */
export interface SamplePair {
  readonly good: number;
  readonly bad: number;
}

export interface PairStream {
  /** Number of pairs in a pass; 0 when there is no preference and no prompt with both a good and a bad image. */
  readonly size: number;
  /** Returns the `count` pairs that begin at position `start` of the stream. */
  at(start: number, count: number): SamplePair[];
}

/**
 * Creates the stream of pairs of these samples. A label above 0.5 is good, a label below 0.5 is bad, and 0.5 is
 * neither. Every preference (`beats` lists ids of worse images) is a separate pair and appears once in each pass.
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
