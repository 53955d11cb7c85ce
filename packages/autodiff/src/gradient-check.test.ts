/** Every row of the op table against finite differences, over random shapes, on the real runtime. */
import { describe, expect, test } from 'vitest';
import { ancestors } from './gradient.ts';
import { createRandom, type Feed, gradients, input, sum } from './index.ts';
import { OPS } from './ops/index.ts';
import { DEVICES } from './runtime/index.ts';
import { compileCase, OP_CASES, type OpCase } from './testing/op-cases.ts';

const STEP = 3e-3;

/** The largest relative difference between the analytic gradient and a central difference along random directions. */
async function gradientError(opCase: OpCase, seed: number, form = DEVICES.cpu.form): Promise<number> {
  const { fn, inputNames, feeds, projection } = await compileCase(opCase, { seed, form });
  const random = createRandom(seed).fork('directions');
  const value = async (at: Record<string, Feed>) => {
    const { y } = await fn.run(at);
    return y!.reduce((total, v, i) => total + v * projection[i]!, 0);
  };
  const result = await fn.run(feeds);
  let worst = 0;
  for (const name of inputNames) {
    const at = feeds[name] as Float32Array;
    const slope = result[`d${name}`]!;
    const direction = random.fillNormal(new Float32Array(at.length));
    const moved = (sign: number) => ({ ...feeds, [name]: at.map((v, i) => v + sign * STEP * direction[i]!) });
    const numeric = ((await value(moved(1))) - (await value(moved(-1)))) / (2 * STEP);
    const analytic = slope.reduce((total, v, i) => total + v * direction[i]!, 0);
    const scale = Math.sqrt(slope.reduce((total, v) => total + v * v, 0)) + 1e-1;
    worst = Math.max(worst, Math.abs(numeric - analytic) / scale);
  }
  fn.dispose();
  return worst;
}

describe('gradients against finite differences', () => {
  test.each(Object.keys(OP_CASES))('%s', async (name) => {
    for (const seed of [1, 2, 3]) expect(await gradientError(OP_CASES[name]!, seed)).toBeLessThan(2e-2);
  });

  // The forms of CUDA, computed on the processor.
  test.each(Object.keys(OP_CASES))('%s with few nodes', async (name) => {
    for (const seed of [1, 2]) {
      expect(await gradientError(OP_CASES[name]!, seed, DEVICES.cuda.form)).toBeLessThan(2e-2);
    }
  });

  test.each(Object.keys(OP_CASES))('%s is the same with few nodes', async (name) => {
    const [expected, actual] = await Promise.all(
      [DEVICES.cpu.form, DEVICES.cuda.form].map(async (form) => {
        const { fn, feeds } = await compileCase(OP_CASES[name]!, { seed: 5, form });
        const results = await fn.run(feeds);
        fn.dispose();
        return results;
      }),
    );
    for (const [key, values] of Object.entries(expected!)) {
      const largest = values.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
      const worst = values.reduce((max, v, i) => Math.max(max, Math.abs(v - actual![key]![i]!)), 0);
      expect(worst / largest, key).toBeLessThan(1e-5);
    }
  });

  test('every row of the table is exercised', () => {
    const reached = new Set<string>();
    const random = createRandom(7);
    for (const { shapes, build, ids } of Object.values(OP_CASES)) {
      const tensors = Object.fromEntries(Object.entries(shapes(random)).map(([n, shape]) => [n, input(n, shape)]));
      const y = build(tensors, input('ids', ids?.shape ?? [1], 'int64'));
      const all = ancestors(y, ...gradients(sum(y), Object.values(tensors)));
      for (const { source } of all) if (source.kind === 'op') reached.add(source.node.name);
    }
    expect(Object.keys(OPS).filter((name) => !reached.has(name))).toEqual([]);
  });
});
