/** Every row of the op table and its gradient on the WebGPU provider, against the CPU. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileCase, OP_CASES } from '../testing/op-cases.ts';
import { prepareWebgpu, withoutWebgpu } from '../testing/webgpu.ts';

const SEED = 5;
/** Relative to the largest value: float32 sums in another order. */
const TOLERANCE = 2e-5;
/** The error that the WebGPU Shading Language allows these (its section on floating point accuracy). */
const ALLOWED: Readonly<Record<string, number>> = { sin: 2 ** -11, cos: 2 ** -11 };

let undo = () => {};
let failure: unknown;

beforeAll(async () => {
  undo = prepareWebgpu();
  try {
    (await compileCase(OP_CASES.add!, { seed: SEED, device: 'webgpu' })).fn.dispose();
  } catch (error) {
    failure = error;
  }
});

afterAll(() => undo());

async function resultsOn(name: string, device: 'cpu' | 'webgpu'): Promise<Record<string, Float32Array>> {
  const { fn, feeds } = await compileCase(OP_CASES[name]!, { seed: SEED, device });
  try {
    return await fn.run(feeds);
  } finally {
    fn.dispose();
  }
}

describe('the op table on webgpu', () => {
  it.for(Object.keys(OP_CASES))('%s', async (name, context) => {
    if (failure !== undefined) withoutWebgpu(context, failure);
    const [expected, actual] = [await resultsOn(name, 'cpu'), await resultsOn(name, 'webgpu')];
    for (const [key, values] of Object.entries(expected)) {
      const largest = values.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
      const worst = values.reduce((max, v, i) => Math.max(max, Math.abs(v - actual[key]![i]!)), 0);
      expect(worst / largest, `${name}, ${key}`).toBeLessThan(ALLOWED[name] ?? TOLERANCE);
    }
  });
});
