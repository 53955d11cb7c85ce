// What a share holds out: by text and seed alone, never all, and stable as a list grows.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareHeldOut } from './holdout.ts';

const texts = (count: number) => Array.from({ length: count }, (_, i) => `prompt ${i}`);

describe('a share of the prompts', () => {
  it('is about as large as asked, and another one for another seed', () => {
    const [one, other] = [0, 1].map((seed) => shareHeldOut(texts(1000), { share: 0.2, seed }));
    expect(one!.size).toBeGreaterThan(160);
    expect(one!.size).toBeLessThan(240);
    expect([...one!].filter((text) => other!.has(text)).length).toBeLessThan(80);
  });

  it('does not depend on the order of the list, and adding prompts moves no other', () => {
    const before = shareHeldOut(texts(200), { share: 0.3, seed: 7 });
    const after = shareHeldOut([...texts(400)].reverse(), { share: 0.3, seed: 7 });
    expect(
      texts(200)
        .filter((text) => after.has(text))
        .sort(),
    ).toEqual([...before].sort());
  });

  it('keeps at least one prompt on either side of a list of three or more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 12 }),
        fc.double({ min: 0.01, max: 0.9 }),
        fc.nat(),
        (count, share, seed) => {
          const held = shareHeldOut(texts(count), { share, seed });
          expect(held.size).toBeGreaterThanOrEqual(1);
          expect(held.size).toBeLessThan(count);
        },
      ),
    );
  });

  it('is empty for a share of 0 and for lists of one or two', () => {
    expect(shareHeldOut(texts(50), { share: 0, seed: 1 }).size).toBe(0);
    for (const count of [1, 2]) expect(shareHeldOut(texts(count), { share: 0.9, seed: 1 }).size).toBe(0);
  });
});
