/** Attention in parts against whole attention: values and gradients, and what each part may hold. */
import { expect, test } from 'vitest';
import { attention, compile, createRandom, gradients, mul, sum, type Tensor } from '../index.ts';
import { attentionParts } from './fused-attention.ts';

const SHAPES = { q: [2, 9, 12], k: [2, 7, 12], v: [2, 7, 12], weight: [2, 9, 12] } as const;

async function valuesWith(maxWeightBytes: number): Promise<Record<string, Float32Array>> {
  const random = createRandom(3);
  const fn = await compile<keyof typeof SHAPES, string>({
    name: 'attention',
    inputs: Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => [name, { shape }])) as never,
    threads: 1,
    build: (_, { q, k, v, weight }: Record<keyof typeof SHAPES, Tensor>) => {
      const y = attention(q, k, v, { heads: 3, maxWeightBytes });
      const [dq, dk, dv] = gradients(sum(mul(y, weight)), [q, k, v]);
      return { y, dq: dq!, dk: dk!, dv: dv! };
    },
  });
  const feeds = Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [
      name,
      random.fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))),
    ]),
  );
  const result = await fn.run(feeds as never);
  fn.dispose();
  return result;
}

test.each([1, 4 * 7 * 4, 4 * 7 * 9, 2 * 4 * 7 * 9, 5 * 4 * 7 * 9])('parts of at most %i bytes', async (bytes) => {
  const [parts, whole] = [await valuesWith(bytes), await valuesWith(2 ** 20)];
  for (const [name, values] of Object.entries(whole)) {
    values.forEach((value, i) => {
      expect(parts[name]![i]).toBeCloseTo(value, 5);
    });
  }
});

test('parts cover every head and row once and keep the bound', () => {
  for (const [heads, queries, keys, maxBytes] of [
    [8, 64, 64, 2 ** 14],
    [16, 10, 3, 200],
    [3, 7, 5, 1],
    [8, 4096, 4096, 2 ** 26],
  ] as const) {
    const parts = attentionParts({ heads, queries, keys, maxBytes });
    const covered = parts.reduce((total, { from, to, start, end }) => total + (to - from) * (end - start), 0);
    expect(covered).toBe(heads * queries);
    for (const { from, to, start, end } of parts) {
      const bytes = 4 * (to - from) * (end - start) * keys;
      expect(bytes <= maxBytes || end - start === 1).toBe(true);
    }
  }
  expect(attentionParts({ heads: 8, queries: 4096, keys: 4096, maxBytes: 2 ** 26 })).toHaveLength(8);
});
