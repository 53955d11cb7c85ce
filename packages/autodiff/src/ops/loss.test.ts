// log sigmoid where a difference of logarithms would lose its value or its gradient.
import { expect, test } from 'vitest';
import { compile } from '../compile.ts';
import { gradients } from '../gradient.ts';
import { logSigmoid } from './loss.ts';
import { sum } from './reduce.ts';

test('log sigmoid is exact and has its slope at zero and far from it', async () => {
  const x = Float32Array.of(-500, -3, 0, 2, 500);
  const compiled = await compile({
    name: 'log sigmoid',
    inputs: { x: { shape: [5] } },
    build: (_, { x: given }) => {
      const y = logSigmoid(given);
      return { y, slope: gradients(sum(y), [given])[0]! };
    },
  });
  const { y, slope } = await compiled.run({ x });
  compiled.dispose();
  const expected = [-500, -Math.log1p(Math.exp(3)), -Math.LN2, -Math.log1p(Math.exp(-2)), 0];
  for (const [i, value] of expected.entries()) {
    expect(y[i]).toBeCloseTo(value, 5);
    expect(slope[i]).toBeCloseTo(1 / (1 + Math.exp(x[i]!)), 6);
  }
});
