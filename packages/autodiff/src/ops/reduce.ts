/**
 * Op-table rows for summing over axes and for broadcasting, which is its adjoint. Other reductions are built from these
 * two ops.
 */
import { apply, defineOp } from '../op.ts';
import { describeTensor, elementCount, formatShape, type Shape, sameShape, type Tensor } from '../tensor.ts';
import { mul } from './elementwise.ts';
import { reshape } from './shape.ts';

export interface ReduceOptions {
  /** Axes to reduce; a negative axis is relative to the last one. All axes by default. All axes if undefined. */
  axes?: readonly number[] | undefined;
  keepDims?: boolean | undefined;
}

export interface Axes {
  axes: readonly number[];
  keepDims: boolean;
}

function reducedShape(shape: Shape, { axes, keepDims }: Axes): Shape {
  return keepDims
    ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : shape.filter((_, axis) => !axes.includes(axis));
}

function reduction(name: 'sum' | 'mean', onnx: string) {
  return defineOp<Axes>({
    name,
    shape: ([x], attributes) => reducedShape(x!.shape, attributes),
    emit: ({ graph, names, attributes: { axes, keepDims } }) => {
      const reduce = () => graph.node(onnx, [names[0]!, graph.integers(axes)], { keepdims: { int: keepDims ? 1 : 0 } });
      if (!graph.fewNodes) return reduce();
      // The gradients of a convolution's bias and of a following addition begin with the same sum.
      return graph.shared(`${name} ${names[0]} ${axes.join()} ${keepDims}`, () => [reduce()])[0]!;
    },
    vjp: ({ inputs, gradient, attributes: { axes } }) => {
      const shape = inputs[0]!.shape;
      const kept = reshape(gradient, reducedShape(shape, { axes, keepDims: true }));
      const count = axes.reduce((product, axis) => product * shape[axis]!, 1);
      return [broadcastTo(name === 'mean' ? mul(kept, 1 / count) : kept, shape)];
    },
  });
}

export const reduceOps = {
  sum: reduction('sum', 'ReduceSum'),
  mean: reduction('mean', 'ReduceMean'),
  broadcastTo: defineOp<{ shape: Shape }>({
    name: 'broadcastTo',
    shape: ([x], { shape }) => {
      const offset = shape.length - x!.shape.length;
      const fits = offset >= 0 && x!.shape.every((size, axis) => size === 1 || size === shape[axis + offset]);
      if (!fits)
        throw new Error(
          `broadcastTo ${formatShape(shape)}: expected a shape that broadcasts to it, got ${describeTensor(x!)}`,
        );
      return shape;
    },
    emit: ({ graph, names, attributes }) => graph.node('Expand', [names[0]!, graph.integers(attributes.shape)]),
    vjp: ({ inputs, gradient }) => [sumTo(gradient, inputs[0]!.shape)],
  }),
};

/** Sums over `axes` (all by default). */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const resolved = resolveAxes(x, options);
  return resolved.axes.length === 0 ? x : apply(reduceOps.sum, [x], resolved);
}

/** Averages over `axes` (all by default). */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const resolved = resolveAxes(x, options);
  return resolved.axes.length === 0 ? x : apply(reduceOps.mean, [x], resolved);
}

/** Repeats x along its axes of size 1, and along new leading axes, to get `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(reduceOps.broadcastTo, [x], { shape });
}

/** The adjoint of broadcasting: sums `x` down to `shape`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const offset = x.shape.length - shape.length;
  if (elementCount(shape) === elementCount(x.shape)) return reshape(x, shape);
  const axes = x.shape.flatMap((size, axis) =>
    axis < offset || (shape[axis - offset] === 1 && size !== 1) ? [axis] : [],
  );
  return reshape(sum(x, { axes, keepDims: false }), shape);
}

function resolveAxes(x: Tensor, { axes, keepDims = false }: ReduceOptions): Axes {
  const rank = x.shape.length;
  const resolved = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + rank : axis));
  if (resolved.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= rank)) {
    throw new Error(`reduction: expected axes within rank ${rank}, got [${axes?.join(', ')}] for ${describeTensor(x)}`);
  }
  return { axes: resolved, keepDims };
}
