/** Losses and small compositions of rows; they need no rows of their own. */

import { apply, defineOp } from '../op.ts';
import { describeTensor, sameShape, type Tensor } from '../tensor.ts';
import { logSoftmax } from './attention.ts';
import { add, mul, neg, pow, square, sub } from './elementwise.ts';
import { oneHot } from './gather.ts';
import { mean, sum } from './reduce.ts';

export const barrierOps = {
  stopGradient: defineOp<undefined>({
    name: 'stopGradient',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.node('Identity', names),
    vjp: () => [null],
  }),
};

/** The value of x, hidden from the reverse pass. */
export const stopGradient = (x: Tensor): Tensor => apply(barrierOps.stopGradient, [x], undefined);

/** -log softmax(logits)[target]: logits [N, K], targets int64 [N] -> [N]. */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return neg(sum(mul(logSoftmax(logits), oneHot(targets, logits.shape.at(-1)!)), { axes: [-1] }));
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
