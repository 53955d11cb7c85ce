/** Mean and covariance against numbers by hand, in parts, and taken up again. */
import { createRandom } from '@heed/diffusion/autodiff';
import { describe, expect, it } from 'vitest';
import { createMomentsAccumulator, momentsOf } from './moments.ts';

function normals(count: number, dimension: number, seed: number): Float32Array {
  return createRandom(seed).fillNormal(new Float32Array(count * dimension));
}

describe('momentsOf', () => {
  it('gives the mean and the covariance divided by N - 1', async () => {
    const { mean, covariance } = await momentsOf(Float32Array.from([1, 2, 3, 6, 5, 10]), 2); // [3, 2]
    expect([...mean]).toEqual([3, 6]);
    expect([...covariance]).toEqual([4, 8, 8, 16]);
  });

  it('refuses a single embedding', async () => {
    await expect(momentsOf(new Float32Array(4), 4)).rejects.toThrow(/at least 2 embeddings of 4/);
  });

  it('keeps the digits of a small spread around a large mean', async () => {
    const rows = Float32Array.from({ length: 300 }, (_, i) => 2 ** 20 + (i % 2));
    const { covariance } = await momentsOf(rows, 1);
    expect(covariance[0]).toBeCloseTo((300 * 0.25) / 299, 12);
  });
});

describe('the sums of a set', () => {
  const rows = normals(50, 6, 7);
  const take = async (from: number, to: number, resume?: Parameters<typeof createMomentsAccumulator>[0]['resume']) => {
    const sums = await createMomentsAccumulator({ dimension: 6, batchSize: 8, resume });
    for (let start = from; start < to; start += 8) await sums.add(rows.slice(start * 6, Math.min(to, start + 8) * 6));
    return sums;
  };

  it('are the same bits when they are put aside and taken up again', async () => {
    const whole = await take(0, 50);
    const first = await take(0, 24);
    const { count, shift, sum, products } = first.sums();
    const second = await take(24, 50, { count, shift: shift.slice(), sum: sum.slice(), products: products.slice() });
    expect(second.count).toBe(50);
    expect(second.moments()).toEqual(whole.moments());
    for (const sums of [whole, first, second]) sums.dispose();
  });

  it('take no more than a batch at once', async () => {
    const sums = await take(0, 0);
    await expect(sums.add(rows)).rejects.toThrow(
      'moments: expected 1 to 8 embeddings of 6 numbers each, got 300 numbers',
    );
    expect(() => sums.moments()).toThrow('moments need at least 2 embeddings, got 0');
    sums.dispose();
  });
});
