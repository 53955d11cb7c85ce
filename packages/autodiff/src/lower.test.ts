/** The form with few nodes: what is shared, named and left out. gradient-check.test.ts compares the results. */
import { describe, expect, it } from 'vitest';
import { gradients } from './gradient.ts';
import { groupNorm, input, mul, reshape, sum } from './index.ts';
import { lowerGraph } from './lower.ts';
import { DEVICES } from './runtime/index.ts';

function lowered(form: typeof DEVICES.cpu.form) {
  const x = input('x', [2, 4, 3, 3]);
  const [gamma, beta] = [input('gamma', [4]), input('beta', [4])];
  const y = groupNorm(x, gamma, beta, { groups: 2 });
  const again = reshape(reshape(y, [8, 9]), [2, 4, 3, 3]);
  const loss = sum(mul(again, y));
  const [dx, dGamma] = gradients(loss, [x, gamma], form);
  const outputs = new Map([
    ['loss', loss],
    ['dx', dx!],
    ['dGamma', dGamma!],
  ]);
  return lowerGraph({ name: 'norm', outputs, form }).graph.nodes;
}

describe('with few nodes', () => {
  const nodes = lowered(DEVICES.cuda.form);
  const of = (op: string) => nodes.filter((node) => node.op === op);

  it('a norm and its gradient share the statistics', () => {
    expect(of('LayerNormalization')).toHaveLength(1);
    expect(of('ReduceMean')).toHaveLength(0);
    expect(nodes.length).toBeLessThan(0.6 * lowered(DEVICES.cpu.form).length);
  });

  it('a value takes each shape once, and none that it has', () => {
    const keys = of('Reshape').map(({ inputs }) => inputs.join());
    expect(new Set(keys).size).toBe(keys.length);
    const reshaped = new Set(of('Reshape').flatMap(({ outputs }) => outputs));
    expect(of('Reshape').filter(({ inputs }) => reshaped.has(inputs[0]!))).toEqual([]);
  });

  it('outputs are named where they are computed, and all that is computed is read', () => {
    expect(of('Identity')).toHaveLength(0);
    const read = new Set([...nodes.flatMap(({ inputs }) => inputs), 'loss', 'dx', 'dGamma']);
    for (const { outputs } of nodes) expect(outputs.some((name) => read.has(name))).toBe(true);
  });
});
