/** Loss functions, and small functions composed of other ops. */

import { apply, defineOp } from '../op.ts';
import { constant, describeTensor, sameShape, type Tensor } from '../tensor.ts';
import { logSoftmax } from './attention.ts';
import { add, mul, neg, pow, square, sub } from './elementwise.ts';
import { oneHot } from './gather.ts';
import { mean, sum } from './reduce.ts';
import { concat, reshape, slice } from './shape.ts';

export const barrierOps = {
  stopGradient: defineOp<undefined>({
    name: 'stopGradient',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.node('Identity', names),
    vjp: () => [null],
  }),
};

/** Returns x; no gradient flows through the result. */
export const stopGradient = (x: Tensor): Tensor => apply(barrierOps.stopGradient, [x], undefined);

/** -log softmax(logits)[target]: logits [N, K], targets int64 [N] -> [N]. */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return neg(sum(mul(logSoftmax(logits), oneHot(targets, logits.shape.at(-1)!)), { axes: [-1] }));
}

/** log sigmoid(x) of x [N]: the logarithm of the softmax over x and 0, finite for every x. */
export function logSigmoid(x: Tensor): Tensor {
  if (x.shape.length !== 1) throw new Error(`logSigmoid: expected one axis, got ${describeTensor(x)}`);
  const column = reshape(x, [x.shape[0]!, 1]);
  const logits = concat([column, constant(new Float32Array(x.shape[0]!), [x.shape[0]!, 1])], 1);
  return reshape(slice(logSoftmax(logits), { axis: 1, start: 0, end: 1 }), x.shape);
}

/** Mean of the squared differences -> scalar. */
export function meanSquaredError(a: Tensor, b: Tensor): Tensor {
  if (!sameShape(a.shape, b.shape))
    throw new Error(`meanSquaredError: expected equal shapes, got ${describeTensor(a)} and ${describeTensor(b)}`);
  return mean(square(sub(a, b)));
}

/** x / ||x|| over the last axis. */
export function l2Normalize(x: Tensor): Tensor {
  return mul(x, pow(add(sum(square(x), { axes: [-1], keepDims: true }), 1e-12), -0.5));
}
