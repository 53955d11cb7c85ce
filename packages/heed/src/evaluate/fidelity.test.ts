/** Captions that repeat for a seed, and distances that see a shift. */
import { createRandom } from '@heed/diffusion/autodiff';
import { emojiWorld } from '@heed/emoji-world';
import { describe, expect, it } from 'vitest';
import { fidelityOf, fidelityPrompts } from './fidelity.ts';

const { reference } = emojiWorld;

describe('fidelityPrompts', () => {
  it('gives as many different captions as asked, the same for a seed', () => {
    const prompts = fidelityPrompts(reference, { seed: 3, count: 40 });
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(40);
    expect(fidelityPrompts(reference, { seed: 3, count: 40 })).toEqual(prompts);
    expect(fidelityPrompts(reference, { seed: 4, count: 40 })).not.toEqual(prompts);
  });

  it('keeps its first captions when more are asked for', () => {
    expect(fidelityPrompts(reference, { seed: 3, count: 20 })).toEqual(
      fidelityPrompts(reference, { seed: 3, count: 40 }).slice(0, 20),
    );
  });

  it('asks for nothing that could be judged or learned from', () => {
    expect(fidelityPrompts(reference, { seed: 3, count: 10 }).every((p) => p.facts === undefined)).toBe(true);
  });
});

describe('fidelityOf', () => {
  const normals = (seed: number) => createRandom(seed).fillNormal(new Float32Array(200 * 4));

  it('grows in both measures with the distance of the sets', async () => {
    const reference = normals(1);
    const near = await fidelityOf(normals(2), reference, { dimension: 4, seed: 0 });
    const shifted = normals(2).map((value, i) => value + (i % 4 === 0 ? 2 : 0));
    const far = await fidelityOf(shifted, reference, { dimension: 4, seed: 0 });
    expect(far.frechet).toBeGreaterThan(near.frechet + 2);
    expect(far.cmmd).toBeGreaterThan(near.cmmd);
    const { frechet, cmmd } = far.intervals;
    expect([frechet.mean, cmmd.mean]).toEqual([far.frechet, far.cmmd]);
    expect(frechet.lo).toBeGreaterThan(near.intervals.frechet.hi);
    expect(cmmd.lo).toBeGreaterThan(near.intervals.cmmd.hi);
  });
});
