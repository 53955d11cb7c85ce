/** Misuse gives one sentence that names the tensor, the expected and the actual; nothing is changed by it. */
import { describe, expect, test } from 'vitest';
import {
  add,
  compile,
  conv2d,
  createRandom,
  createTrainingStep,
  describeParameters,
  initializeParameters,
  input,
  linear,
  log,
  matmul,
  mean,
  type ParameterScope,
  reshape,
  square,
  sub,
  type Tensor,
} from './index.ts';

const layer = (p: ParameterScope, x: Tensor) => linear(x, p.get('weight', [1, 2]), p.get('bias', [1]));
const freshParameters = () =>
  initializeParameters(
    describeParameters((p) => layer(p, input('x', [4, 2]))),
    createRandom(0),
  );

describe('while tracing', () => {
  test.each<[string, () => unknown, string]>([
    [
      'add',
      () => add(input('a', [2, 3]), input('b', [4])),
      'add of input a [2, 3] and input b [4]: expected shapes that broadcast, got 3 and 4 at axis 1',
    ],
    [
      'matmul',
      () => matmul(input('a', [2, 3]), input('b', [4, 5])),
      'matmul of input a [2, 3] and input b [4, 5]: expected equal inner sizes, got 3 and 4',
    ],
    [
      'conv2d',
      () => conv2d(input('x', [1, 3, 8, 8]), input('w', [4, 2, 3, 3])),
      'conv2d: expected x [N, C, H, W], weight [O, C, kh, kw], bias [O], got input x [1, 3, 8, 8], input w [4, 2, 3, 3]',
    ],
    ['reshape', () => reshape(input('x', [2, 3]), [4]), 'reshape to [4]: expected 4 elements, got input x [2, 3]'],
    ['input', () => input('x', [2, 0]), 'input x: expected positive integer sizes, got [2, 0]'],
  ])('%s', (_, misuse, sentence) => {
    expect(misuse).toThrow(sentence);
  });
});

describe('while running', () => {
  test('a feed of the wrong size', async () => {
    const fn = await compile({
      name: 'double',
      inputs: { x: { shape: [2, 2] } },
      build: (_, { x }) => ({ y: add(x, x) }),
    });
    await expect(fn.run({ x: new Float32Array(3) })).rejects.toThrow(
      'double, input x: expected a Float32Array of 4 values for [2, 2], got Float32Array of 3',
    );
    fn.dispose();
  });

  test('a parameter that is missing or misshapen', async () => {
    const inputs = { x: { shape: [4, 2] } };
    const build = (p: ParameterScope, { x }: { x: Tensor }) => ({ y: layer(p, x) });
    const parameters = freshParameters();
    parameters.delete('bias');
    await expect(compile({ name: 'layer', inputs, parameters, build })).rejects.toThrow(
      'layer, parameter bias: expected [1], but it is missing',
    );
    parameters.set('bias', { shape: [2], data: new Float32Array(2) });
    await expect(compile({ name: 'layer', inputs, parameters, build })).rejects.toThrow(
      'layer, parameter bias: expected [1], got [2]',
    );
  });

  test('a loss that is no scalar', async () => {
    const step = createTrainingStep({
      name: 'layer',
      inputs: { x: { shape: [4, 2] } },
      parameters: freshParameters(),
      loss: (p, { x }) => ({ loss: layer(p, x) }),
    });
    await expect(step).rejects.toThrow('layer, loss: expected a scalar, got result of linear [4, 1]');
  });

  test('a loss that is not finite stops before anything is changed', async () => {
    const parameters = freshParameters();
    const step = await createTrainingStep({
      name: 'layer',
      inputs: { x: { shape: [4, 2] }, y: { shape: [4, 1] } },
      parameters,
      loss: (p, { x, y }) => ({ loss: mean(square(sub(layer(p, log(x)), y))) }),
    });
    const before = parameters.get('weight')!.data.slice();
    const feeds = { x: new Float32Array(8).fill(-1), y: new Float32Array(4) };
    await expect(step.step(feeds, { learningRate: 0.1 })).rejects.toThrow(
      'layer, update 1: expected a finite loss, got NaN',
    );
    expect(parameters.get('weight')!.data).toEqual(before);
    expect(step.state.step).toBe(0);
    step.dispose();
  });
});
