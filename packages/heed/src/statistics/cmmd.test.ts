/** By hand: with one vector a side the discrepancy is 2 (1 - k), and k depends on the angle alone. */
import { createRandom } from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import { cmmd } from './cmmd.ts';
import golden from './golden/distances.json' with { type: 'json' };
import { formulaEmbeddings } from './testing.ts';

const kernel = (squaredDistance: number) => Math.exp(-squaredDistance / 200);

describe('cmmd', () => {
  it('is 2000 (1 - exp(-2 / 200)) between two vectors at right angles', async () => {
    const value = await cmmd(Float32Array.from([1, 0]), Float32Array.from([0, 1]), 2);
    expect(value).toBeCloseTo(2000 * (1 - kernel(2)), 9);
    expect(value).toBeCloseTo(19.9003, 4);
  });

  it('looks at directions, not lengths', async () => {
    const unit = await cmmd(Float32Array.from([1, 0]), Float32Array.from([0, 1]), 2);
    expect(await cmmd(Float32Array.from([5, 0]), Float32Array.from([0, 0.1]), 2)).toBeCloseTo(unit, 9);
  });

  it('keeps the diagonal, as the reference code does', async () => {
    // a = {e1, e2}, b = {e1}: k_aa = (2 + 2 k) / 4, k_bb = 1, k_ab = (1 + k) / 2.
    const k = kernel(2);
    const expected = 1000 * ((2 + 2 * k) / 4 + 1 - (1 + k));
    expect(await cmmd(Float32Array.from([1, 0, 0, 1]), Float32Array.from([1, 0]), 2)).toBeCloseTo(expected, 9);
  });

  it('is zero for equal sets and grows as one drifts away', async () => {
    const random = createRandom(3);
    const rows = random.fillNormal(new Float32Array(60 * 8));
    const drifted = (by: number) => rows.map((value, i) => value + (i % 8 === 0 ? by : 0));
    expect(await cmmd(rows, rows, 8)).toBeCloseTo(0, 9);
    expect(await cmmd(rows, drifted(2), 8)).toBeGreaterThan(await cmmd(rows, drifted(1), 8));
  });

  it.each(golden)('agrees with the reference code: $dimension dimensions, $counts embeddings', async (example) => {
    const { dimension, counts, cmmd: expected } = example;
    const [a, b] = counts.map((count, i) => formulaEmbeddings(`set ${i}`, count, dimension));
    expect(Math.abs((await cmmd(a!, b!, dimension)) / expected - 1)).toBeLessThan(1e-9);
  });

  it('refuses a vector without direction', async () => {
    await expect(cmmd(new Float32Array(2), Float32Array.from([1, 0]), 2)).rejects.toThrow(/embedding 0 is all zeros/);
  });
});
