/** Products in float64 against sums by hand, in all arrangements of the operands. */
import { describe, expect, it } from 'vitest';
import { createFloat64Product } from './float64-product.ts';

const A = Float64Array.from([1, 2, 3, 4, 5, 6]);
const B = Float64Array.from([1, 0, -1, 2, 7, 1e-9]);

describe('a float64 product', () => {
  it('multiplies matrices as they lie or transposed', async () => {
    const plain = await createFloat64Product({ left: [2, 3], right: [3, 2], threads: 1 });
    expect([...(await plain.run({ left: A, right: B }))]).toEqual([20, 4 + 3e-9, 41, 10 + 6e-9]);
    const left = await createFloat64Product({ left: [3, 2], right: [3, 2], transposeLeft: true });
    expect(left.shape).toEqual([2, 2]);
    expect([...(await left.run({ left: A, right: B }))]).toEqual([1 - 3 + 35, 6 + 5e-9, 2 - 4 + 42, 8 + 6e-9]);
    const right = await createFloat64Product({ left: [2, 3], right: [2, 3], transposeRight: true });
    expect([...(await right.run({ left: A, right: B }))]).toEqual([1 - 3, 2 + 14 + 3e-9, 4 - 6, 8 + 35 + 6e-9]);
    for (const product of [plain, left, right]) product.dispose();
  });

  it('adds to a matrix, in digits that float32 does not have', async () => {
    const product = await createFloat64Product({ left: [1, 1], right: [1, 1], accumulate: true });
    let sum = Float64Array.of(2 ** 40);
    let into = new Float64Array(1);
    const small = Float64Array.of(2 ** -5);
    for (let i = 0; i < 4; i++)
      [sum, into] = [(await product.run({ left: small, right: small, sum, into })) as typeof sum, sum];
    expect(sum[0]).toBe(2 ** 40 + 2 ** -8);
    product.dispose();
  });

  it('refuses what does not fit, and a result that would overwrite an operand', async () => {
    await expect(createFloat64Product({ left: [2, 3], right: [2, 3] })).rejects.toThrow(
      'float64 product: expected matrices that fit, got [2, 3] and [2, 3]',
    );
    const product = await createFloat64Product({ left: [1, 1], right: [1, 1], accumulate: true });
    const one = Float64Array.of(1);
    await expect(
      product.run({ left: one, right: Float64Array.of(1), sum: Float64Array.of(1), into: one }),
    ).rejects.toThrow('expected another array for the result, got left');
    await expect(product.run({ left: one, right: one })).rejects.toThrow('expected a matrix sum, got none');
    await expect(product.run({ left: new Float64Array(2), right: one, sum: Float64Array.of(1) })).rejects.toThrow(
      'expected a Float64Array of 1 for float64 [1, 1], got a Float64Array of 2',
    );
    product.dispose();
  });
});
