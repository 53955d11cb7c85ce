/** Op-table rows that move elements without arithmetic: reshape, transpose, concat, slice, pad. */
import { apply, defineOp } from '../op.ts';
import { describeTensor, elementCount, formatShape, type Shape, sameShape, type Tensor } from '../tensor.ts';

export interface SliceAttributes {
  axis: number;
  start: number;
  end: number;
}

export const shapeOps = {
  reshape: defineOp<{ shape: Shape }>({
    name: 'reshape',
    shape: ([x], { shape }) => {
      if (elementCount(shape) !== elementCount(x!.shape)) {
        throw new Error(
          `reshape to ${formatShape(shape)}: expected ${elementCount(shape)} elements, got ${describeTensor(x!)}`,
        );
      }
      return { shape, dtype: x!.dtype };
    },
    emit: ({ graph, names, attributes }) => graph.node('Reshape', [names[0]!, graph.integers(attributes.shape)]),
    vjp: ({ inputs, gradient }) => [reshape(gradient, inputs[0]!.shape)],
  }),
  transpose: defineOp<{ permutation: readonly number[] }>({
    name: 'transpose',
    shape: ([x], { permutation }) => {
      const sorted = [...permutation].sort((a, b) => a - b);
      if (
        !sameShape(
          sorted,
          x!.shape.map((_, axis) => axis),
        )
      ) {
        throw new Error(
          `transpose: expected a permutation of ${x!.shape.length} axes, got [${permutation.join(', ')}] for ${describeTensor(x!)}`,
        );
      }
      return { shape: permutation.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
    },
    emit: ({ graph, names, attributes }) => graph.node('Transpose', names, { perm: { ints: attributes.permutation } }),
    vjp: ({ gradient, attributes: { permutation } }) => [
      transpose(
        gradient,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ],
  }),
  concat: defineOp<{ axis: number }>({
    name: 'concat',
    shape: (inputs, { axis }) => {
      const first = inputs[0]!;
      for (const x of inputs) {
        const fits =
          x.shape.length === first.shape.length && x.shape.every((size, i) => i === axis || size === first.shape[i]);
        if (!fits)
          throw new Error(
            `concat on axis ${axis}: expected the other axes of ${describeTensor(first)}, got ${describeTensor(x)}`,
          );
      }
      const total = inputs.reduce((length, x) => length + x.shape[axis]!, 0);
      return { shape: first.shape.map((size, i) => (i === axis ? total : size)), dtype: first.dtype };
    },
    emit: ({ graph, names, attributes }) => graph.node('Concat', names, { axis: { int: attributes.axis } }),
    vjp: ({ inputs, gradient, attributes: { axis } }) => {
      let start = 0;
      return inputs.map((x) => {
        const end = start + x.shape[axis]!;
        const part = slice(gradient, { axis, start, end });
        start = end;
        return part;
      });
    },
  }),
  slice: defineOp<SliceAttributes>({
    name: 'slice',
    shape: ([x], { axis, start, end }) => {
      if (!(start >= 0 && start < end && end <= (x!.shape[axis] ?? 0))) {
        throw new Error(
          `slice ${start}:${end} on axis ${axis}: expected a range within the axis, got ${describeTensor(x!)}`,
        );
      }
      return { shape: x!.shape.map((size, i) => (i === axis ? end - start : size)), dtype: x!.dtype };
    },
    emit: ({ graph, names, attributes: { axis, start, end } }) =>
      graph.node('Slice', [names[0]!, graph.integers([start]), graph.integers([end]), graph.integers([axis])]),
    vjp: ({ inputs, gradient, attributes: { axis, start, end } }) => [
      padAxis(gradient, { axis, before: start, after: inputs[0]!.shape[axis]! - end }),
    ],
  }),
  padAxis: defineOp<{ axis: number; before: number; after: number }>({
    name: 'padAxis',
    shape: ([x], { axis, before, after }) => x!.shape.map((size, i) => (i === axis ? size + before + after : size)),
    emit: ({ graph, names, inputs, attributes: { axis, before, after } }) => {
      const rank = inputs[0]!.shape.length;
      const pads = new Array<number>(2 * rank).fill(0);
      pads[axis] = before;
      pads[rank + axis] = after;
      return graph.node('Pad', [names[0]!, graph.integers(pads)]);
    },
    vjp: ({ inputs, gradient, attributes: { axis, before } }) => [
      slice(gradient, { axis, start: before, end: before + inputs[0]!.shape[axis]! }),
    ],
  }),
};

/** Returns the elements of x with another shape; one size may be -1, which is then inferred. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const resolved = shape.map((size) => (size === -1 ? elementCount(x.shape) / known : size));
  return sameShape(resolved, x.shape) ? x : apply(shapeOps.reshape, [x], { shape: resolved });
}

export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  return permutation.every((axis, i) => axis === i) && permutation.length === x.shape.length
    ? x
    : apply(shapeOps.transpose, [x], { permutation });
}

export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new Error('concat: expected at least one tensor, got none');
  return tensors.length === 1
    ? first
    : apply(shapeOps.concat, tensors, { axis: axis < 0 ? axis + first.shape.length : axis });
}

/** Returns the elements start..end-1 along one axis; a negative axis counts from the last one. */
export function slice(x: Tensor, { axis, start, end }: SliceAttributes): Tensor {
  const resolved = axis < 0 ? axis + x.shape.length : axis;
  return start === 0 && end === x.shape[resolved] ? x : apply(shapeOps.slice, [x], { axis: resolved, start, end });
}

/** Divides x into `parts` tensors of equal size along one axis. */
export function split(x: Tensor, { axis, parts }: { axis: number; parts: number }): Tensor[] {
  const resolved = axis < 0 ? axis + x.shape.length : axis;
  const size = x.shape[resolved]! / parts;
  return Array.from({ length: parts }, (_, i) => slice(x, { axis: resolved, start: i * size, end: (i + 1) * size }));
}

/** Adds zeros before and after x along one axis. */
export function padAxis(x: Tensor, pad: { axis: number; before: number; after: number }): Tensor {
  return pad.before === 0 && pad.after === 0 ? x : apply(shapeOps.padAxis, [x], pad);
}
