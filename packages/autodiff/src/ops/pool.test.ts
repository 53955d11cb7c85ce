/** Pooling against numbers by hand: what pads a picture, and where the gradient of equal values goes. */
import { describe, expect, it } from 'vitest';
import { compile, constant, gradients, mul, type Shape, sum, type Tensor } from '../index.ts';
import { input } from '../tensor.ts';
import { averagePoolSame, maxPool } from './pool.ts';

/** y and dL/dx for L = sum(y * weights), weights 1, 2, 3 and so on. */
async function pooled(build: (x: Tensor) => Tensor, shape: Shape, values: readonly number[]) {
  const fn = await compile<'x', string>({
    name: 'pool',
    inputs: { x: { shape } },
    threads: 1,
    build: (_, { x }) => {
      const y = build(x);
      const count = y.shape.reduce((product, size) => product * size, 1);
      const weights = constant(
        Float32Array.from({ length: count }, (_, i) => i + 1),
        y.shape,
      );
      return { y, dx: gradients(sum(mul(y, weights)), [x])[0]! };
    },
  });
  const { y, dx } = await fn.run({ x: Float32Array.from(values) });
  fn.dispose();
  return { y: [...y!], dx: [...dx!] };
}

describe('maxPool', () => {
  it('never takes the padding, and gives the gradient of equal values to the first', async () => {
    // All values negative: a padding of zeros would win.
    const { y, dx } = await pooled(
      (x) => maxPool(x, { kernel: 3, stride: 1, padding: 1 }),
      [1, 1, 2, 3],
      [-1, -1, -5, -2, -1, -3],
    );
    expect(y).toEqual([-1, -1, -1, -1, -1, -1]);
    // The windows of the left two columns see place 0 first, those of the right column place 1.
    expect(dx).toEqual([1 + 2 + 4 + 5, 3 + 6, 0, 0, 0, 0]);
  });

  it('leaves out what no whole window covers, and keeps pictures and channels apart', async () => {
    const { y, dx } = await pooled(
      (x) => maxPool(x, { kernel: 2 }),
      [2, 1, 2, 3],
      [1, 2, 9, 3, 4, 9, 5, 6, 9, 8, 7, 9],
    );
    expect(y).toEqual([4, 8]);
    expect(dx).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0]);
  });

  it('refuses windows that do not fit', () => {
    const x = input('x', [1, 1, 2, 2]);
    expect(() => maxPool(x, { kernel: 3 })).toThrow(/^maxPool: expected .* got input x \[1, 1, 2, 2\] with kernel 3/);
    expect(() => maxPool(x, { kernel: 2, padding: 2 })).toThrow(/padding of at most half a window/);
  });
});

describe('averagePoolSame', () => {
  it('divides by the pixels inside the picture', async () => {
    const { y, dx } = await pooled((x) => averagePoolSame(x, { kernel: 3 }), [1, 1, 2, 3], [1, 2, 3, 4, 5, 6]);
    // Corners see 4 pixels, the middle column 6.
    const [left, middle, right] = [(1 + 2 + 4 + 5) / 4, 21 / 6, (2 + 3 + 5 + 6) / 4];
    expect(y).toEqual([left, middle, right, left, middle, right]);
    const [l, m, r] = [(1 + 4) / 4, (2 + 5) / 6, (3 + 6) / 4];
    [l + m, l + m + r, m + r].forEach((value, i) => {
      expect(dx[i]).toBeCloseTo(value, 5);
      expect(dx[i + 3]).toBeCloseTo(value, 5);
    });
  });

  it('refuses an even kernel', () => {
    expect(() => averagePoolSame(input('x', [1, 1, 4, 4]), { kernel: 2 })).toThrow(/expected an odd kernel, got 2/);
  });
});
