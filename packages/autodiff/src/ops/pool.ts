/** Pooling ops: the maximum of each window, and the average of its pixels inside the picture. */
import { apply, defineOp } from '../op.ts';
import { constant, describeTensor, elementCount, type Shape, type Tensor } from '../tensor.ts';
import { mul } from './elementwise.ts';

export interface WindowAttributes {
  kernel: number;
  stride: number;
  padding: number;
}

const square = (value: number) => ({ ints: [value, value] });

const onnxAttributes = ({ kernel, stride, padding }: WindowAttributes) => ({
  kernel_shape: square(kernel),
  strides: square(stride),
  pads: { ints: [padding, padding, padding, padding] },
});

/** Shape of the pooled picture for [N, C, H, W]. Throws when the windows do not fit. */
function pooledShape(op: string, x: Tensor, { kernel, stride, padding }: WindowAttributes): Shape {
  const fits =
    x.shape.length === 4 &&
    [kernel, stride].every((value) => Number.isInteger(value) && value > 0) &&
    Number.isInteger(padding) &&
    padding >= 0 &&
    2 * padding <= kernel &&
    x.shape.slice(2).every((side) => side + 2 * padding >= kernel);
  if (!fits) {
    throw new Error(
      `${op}: expected x [N, C, H, W] of at least one window and a padding of at most half a window, got ${describeTensor(x)} with kernel ${kernel}, stride ${stride}, padding ${padding}`,
    );
  }
  const [n, c, ...sides] = x.shape as [number, number, number, number];
  return [n, c, ...sides.map((side) => Math.floor((side + 2 * padding - kernel) / stride) + 1)];
}

/**
 * Indices of the pixels that each window covers in a picture, row by row: [windows, kernel * kernel]. An index outside
 * the picture is replaced by that of the nearest pixel inside. The replacement changes neither a window's maximum nor,
 * because the order is kept, which pixel is the first maximum.
 */
function windowPositions([height, width]: Shape, [rows, columns]: Shape, attributes: WindowAttributes): number[] {
  const { kernel, stride, padding } = attributes;
  const clamp = (at: number, side: number) => Math.min(side - 1, Math.max(0, at));
  const positions: number[] = [];
  for (let y = 0; y < rows!; y++)
    for (let x = 0; x < columns!; x++)
      for (let row = 0; row < kernel; row++)
        for (let column = 0; column < kernel; column++) {
          const line = clamp(y * stride + row - padding, height!);
          positions.push(line * width! + clamp(x * stride + column - padding, width!));
        }
  return positions;
}

const poolGradientOps = {
  /**
   * dL/dx of `maxPool` from x and dL/dy: each gradient goes to the first maximum of its window, as in PyTorch. ONNX's
   * MaxPool could return the positions of the maxima, but not on WebGPU.
   */
  maxPoolGradient: defineOp<WindowAttributes>({
    name: 'maxPoolGradient',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names, inputs, attributes }) => {
      const [x, g] = inputs as [Tensor, Tensor];
      const [batch, channels, height, width] = x.shape as [number, number, number, number];
      const [planes, area, size] = [batch * channels, height * width, attributes.kernel ** 2];
      const windows = elementCount(g.shape.slice(2));
      const seen = windowPositions([height, width], g.shape.slice(2), attributes);
      const flat = graph.node('Reshape', [names[0]!, graph.integers([planes, area])]);
      const values = graph.node('Gather', [flat, graph.integers(seen, [windows, size])], { axis: { int: 1 } });
      const largest = graph.node('ArgMax', [values], { axis: { int: 2 }, keepdims: { int: 0 } }); // [planes, windows]
      const starts = graph.integers(Array.from({ length: windows }, (_, window) => window * size));
      const places = graph.node('Gather', [graph.integers(seen), graph.node('Add', [largest, starts])], {
        axis: { int: 0 },
      });
      const planeStarts = graph.integers(
        Array.from({ length: planes }, (_, plane) => plane * area),
        [planes, 1],
      );
      const count = elementCount(g.shape);
      const indices = graph.node('Reshape', [graph.node('Add', [places, planeStarts]), graph.integers([count, 1])]);
      const zeros = graph.node('Expand', [graph.floats([0], [1]), graph.integers([planes * area])]);
      const updates = graph.node('Reshape', [names[1]!, graph.integers([count])]);
      const sums = graph.node('ScatterND', [zeros, indices, updates], { reduction: { string: 'add' } });
      return graph.node('Reshape', [sums, graph.integers(x.shape)]);
    },
    vjp: 'second derivatives of max pooling are not needed',
  }),
};

export const poolOps = {
  ...poolGradientOps,
  maxPool: defineOp<WindowAttributes>({
    name: 'maxPool',
    shape: ([x], attributes) => pooledShape('maxPool', x!, attributes),
    emit: ({ graph, names, attributes }) => graph.node('MaxPool', names, onnxAttributes(attributes)),
    vjp: ({ inputs, gradient, attributes }) => [
      apply(poolGradientOps.maxPoolGradient, [inputs[0]!, gradient], attributes),
    ],
  }),
  averagePoolSame: defineOp<{ kernel: number }>({
    name: 'averagePoolSame',
    shape: ([x], { kernel }) => {
      if (kernel % 2 !== 1) throw new Error(`averagePoolSame: expected an odd kernel, got ${kernel}`);
      return pooledShape('averagePoolSame', x!, sameWindows(kernel));
    },
    emit: ({ graph, names, attributes: { kernel } }) =>
      graph.node('AveragePool', names, { ...onnxAttributes(sameWindows(kernel)), count_include_pad: { int: 0 } }),
    // The sum over a window is its own adjoint, and the average is that sum divided by the window's pixels.
    vjp: ({ inputs, gradient, attributes: { kernel } }) => {
      const counts = windowCounts(inputs[0]!.shape, kernel);
      const shape = inputs[0]!.shape.slice(2);
      const shares = constant(
        counts.map((count) => 1 / count),
        shape,
      );
      return [mul(averagePoolSame(mul(gradient, shares), { kernel }), constant(counts, shape))];
    },
  }),
};

const sameWindows = (kernel: number): WindowAttributes => ({ kernel, stride: 1, padding: (kernel - 1) / 2 });

/** Number of the picture's pixels in each window of `averagePoolSame`: [H, W]. */
function windowCounts(shape: Shape, kernel: number): Float32Array {
  const [height, width] = shape.slice(2) as [number, number];
  const reach = (kernel - 1) / 2;
  const inside = (at: number, side: number) => Math.min(side - 1, at + reach) - Math.max(0, at - reach) + 1;
  const counts = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) counts[y * width + x] = inside(y, height) * inside(x, width);
  }
  return counts;
}

/** The maximum of each square window of x [N, C, H, W]. Padding is never the maximum. */
export function maxPool(
  x: Tensor,
  { kernel, stride = kernel, padding = 0 }: { kernel: number; stride?: number; padding?: number },
): Tensor {
  return apply(poolOps.maxPool, [x], { kernel, stride, padding });
}

/**
 * The average around each pixel of x [N, C, H, W] over a square window of odd side `kernel`, of the same size as x. The
 * average ignores padding, as torch's `avg_pool2d` does with `count_include_pad=False`.
 */
export function averagePoolSame(x: Tensor, { kernel }: { kernel: number }): Tensor {
  return apply(poolOps.averagePoolSame, [x], { kernel });
}
