/** The optimizer's kernels against the same arithmetic in double precision. */
import { expect, test } from 'vitest';
import { createRandom } from '../random.ts';
import { applyAdamW, type OptimizerState, sumAndNorm } from './adamw.ts';

/** Not a multiple of four, and more than two blocks. */
const SIZE = 40_003;

const normal = (seed: number, size = SIZE) => createRandom(seed).fillNormal(new Float32Array(size));

function state(size: number, { averages }: { averages: boolean }): OptimizerState {
  const of = (data: Float32Array) => new Map([['w', { shape: [size], data }]]);
  return {
    step: 4,
    parameters: of(normal(1, size)),
    firstMoment: of(normal(2, size)),
    secondMoment: of(normal(3, size).map(Math.abs)),
    ...(averages ? { ema: of(normal(4, size)) } : {}),
  };
}

test.each([true, false])('an update agrees with double precision, average: %s', (averages) => {
  for (const size of [1, 3, SIZE]) {
    const [before, after] = [state(size, { averages }), state(size, { averages })];
    const gradient = normal(5, size);
    const options = { beta1: 0.8, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.1, emaDecay: 0.9 };
    applyAdamW(after, new Map([['w', gradient]]), options, { learningRate: 0.01, gradientScale: 0.5 });
    expect(after.step).toBe(5);
    const at = (of: OptimizerState, group: 'parameters' | 'firstMoment' | 'secondMoment', i: number) =>
      of[group].get('w')!.data[i]!;
    const worst = { firstMoment: 0, secondMoment: 0, parameter: 0, average: 0 };
    const note = (what: keyof typeof worst, actual: number, expected: number) => {
      worst[what] = Math.max(worst[what], Math.abs(actual - expected) / (1 + Math.abs(expected)));
    };
    for (let i = 0; i < size; i++) {
      const g = 0.5 * gradient[i]!;
      const first = 0.8 * at(before, 'firstMoment', i) + 0.2 * g;
      const second = 0.99 * at(before, 'secondMoment', i) + 0.01 * g * g;
      const step = first / (1 - 0.8 ** 5) / (Math.sqrt(second / (1 - 0.99 ** 5)) + 1e-6);
      const next = at(before, 'parameters', i) * (1 - 0.001) - 0.01 * step;
      note('firstMoment', at(after, 'firstMoment', i), first);
      note('secondMoment', at(after, 'secondMoment', i), second);
      note('parameter', at(after, 'parameters', i), next);
      if (!averages) continue;
      // The average's warm-up at step 5: (1 + 5) / (10 + 5).
      note('average', after.ema!.get('w')!.data[i]!, 0.4 * before.ema!.get('w')!.data[i]! + 0.6 * next);
    }
    for (const [what, difference] of Object.entries(worst)) expect(difference, what).toBeLessThan(5e-7);
  }
});

test('gradients are summed and measured', () => {
  const [a, b] = [normal(1), normal(2)];
  const expected = a.map((value, i) => value + b[i]!);
  const small = Float32Array.of(3, 4, 12);
  const gradients = new Map([
    ['w', a],
    ['b', small],
  ]);
  const norm = sumAndNorm(gradients, [
    new Map([
      ['w', b],
      ['b', Float32Array.of(0, 0, 0)],
    ]),
  ]);
  expect(a).toEqual(expected);
  expect(small).toEqual(Float32Array.of(3, 4, 12));
  const squares = expected.reduce((total, value) => total + value * value, 169);
  expect(norm).toBeCloseTo(Math.sqrt(squares), 8);
});

test('a number that is not finite shows in the norm, wherever it stands', () => {
  for (const [index, value] of [
    [0, Number.NaN],
    [SIZE - 1, Number.POSITIVE_INFINITY],
  ] as const) {
    const gradient = normal(1);
    gradient[index] = value;
    expect(Number.isFinite(sumAndNorm(new Map([['w', gradient]])))).toBe(false);
  }
});
