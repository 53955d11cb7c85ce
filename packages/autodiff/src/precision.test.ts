/** The float16 form of every row of the op table, and of a network, beside float32. On the processor it is emulated. */
import { describe, expect, it } from 'vitest';
import { gradients } from './gradient.ts';
import { conv2d, groupNorm, input, meanSquaredError, silu, type Tensor } from './index.ts';
import { lowerGraph } from './lower.ts';
import { createParameterScope } from './parameters.ts';
import type { Precision } from './precision.ts';
import { compileCase, OP_CASES } from './testing/op-cases.ts';

const SEED = 11;
/** Of the largest value: halves keep 11 bits, and a sum of products loses some of them. */
const TOLERANCE = 1e-2;

async function results(name: string, precision: Precision): Promise<Record<string, Float32Array>> {
  const { fn, feeds } = await compileCase(OP_CASES[name]!, { seed: SEED, precision });
  try {
    return await fn.run(feeds);
  } finally {
    fn.dispose();
  }
}

describe('the op table in float16', () => {
  it.for(Object.keys(OP_CASES))('%s', async (name) => {
    const [expected, actual] = [await results(name, 'float32'), await results(name, 'float16')];
    for (const [key, values] of Object.entries(expected)) {
      const largest = values.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
      const worst = values.reduce((max, v, i) => Math.max(max, Math.abs(v - actual[key]![i]!)), 0);
      expect(worst / largest, `${name}, ${key}`).toBeLessThan(TOLERANCE);
    }
  });
});

describe('what is computed in which type', () => {
  const x = input('x', [1, 4, 4, 4]);
  const { scope } = createParameterScope();
  const of = (name: string, shape: number[]) => scope.get(name, shape);
  const network = (value: Tensor) =>
    silu(
      groupNorm(conv2d(value, of('w', [4, 4, 3, 3]), of('b', [4]), { padding: 1 }), of('g', [4]), of('o', [4]), {
        groups: 2,
      }),
    );
  const loss = meanSquaredError(network(network(x)), input('y', [1, 4, 4, 4]));
  const [slope] = gradients(loss, [of('w', [4, 4, 3, 3])]);
  const { graph } = lowerGraph({
    name: 'network',
    outputs: new Map([
      ['loss', loss],
      ['slope', slope!],
    ]),
    form: { hasFusedMatMul: true, fewNodes: false },
    precision: 'float16',
  });
  /** Types by what the nodes of this graph do: casts change them, all else hands them on. */
  const types = new Map<string, string>([
    ...graph.inputs.map(({ name, type }) => [name, type] as const),
    ...graph.initializers.map(({ name, type }) => [name, type] as const),
  ]);
  for (const { op, inputs, outputs, attributes } of graph.nodes) {
    const to = attributes?.to as { int: number } | undefined;
    types.set(outputs[0]!, op === 'Cast' ? (to!.int === 10 ? 'float16' : 'float32') : types.get(inputs[0]!)!);
  }
  const inputTypes = (op: string) =>
    new Set(
      graph.nodes
        .filter((node) => node.op === op)
        .flatMap(({ inputs }) => inputs.map((name) => types.get(name)!))
        .filter((type) => type !== 'int64'),
    );

  it('convolutions and products are float16', () => {
    expect(inputTypes('Conv')).toEqual(new Set(['float16']));
    expect(inputTypes('MatMul')).toEqual(new Set(['float16']));
    expect(inputTypes('QuickGelu')).toEqual(new Set(['float16']));
  });

  it('sums and statistics are float32', () => {
    for (const op of ['ReduceSum', 'ReduceMean', 'InstanceNormalization', 'Pow'])
      expect(inputTypes(op), op).toEqual(new Set(['float32']));
  });

  it('weights, inputs and outputs stay float32', () => {
    expect(graph.inputs.map(({ type }) => type)).toEqual(graph.inputs.map(() => 'float32'));
    for (const { name } of graph.outputs) expect(types.get(name)).toBe('float32');
  });
});
