/**
 * Op-table rows for two-dimensional convolution and its two gradients, in NCHW and torch's weight layout [out, in, kh,
 * kw]. The ONNX nodes for each gradient were chosen by measuring speed: docs/notes/2026-11-design-decisions.md.
 */
import { apply, defineOp } from '../op.ts';
import { describeTensor, elementCount, type Shape, sameShape, type Tensor } from '../tensor.ts';
import { emitMatmul } from './matmul.ts';
import { sum } from './reduce.ts';

/** Number of zeros added on each side: [top, left, bottom, right], or one number for all sides. */
export type Padding = number | readonly [number, number, number, number];

export interface ConvAttributes {
  stride: number;
  pads: readonly [number, number, number, number];
}

const onnxAttributes = ({ stride, pads }: ConvAttributes) => ({
  strides: { ints: [stride, stride] },
  pads: { ints: pads },
});

function outputSize(size: number, kernel: number, before: number, after: number, stride: number): number {
  return Math.floor((size + before + after - kernel) / stride) + 1;
}

function convShape(x: Shape, w: Shape, { stride, pads: [top, left, bottom, right] }: ConvAttributes): Shape {
  return [x[0]!, w[0]!, outputSize(x[2]!, w[2]!, top, bottom, stride), outputSize(x[3]!, w[3]!, left, right, stride)];
}

/**
 * Indices of the pixels that each kernel window covers in a batch of padded pictures, window after window and row by
 * row.
 */
function windowPositions({
  batch,
  grid: [gridHeight, gridWidth],
  output: [height, width],
  kernel: [kh, kw],
  stride,
}: {
  batch: number;
  grid: readonly [number, number];
  output: readonly [number, number];
  kernel: readonly [number, number];
  stride: number;
}): number[] {
  const positions = new Array<number>(batch * height * width * kh * kw);
  let i = 0;
  for (let n = 0; n < batch; n++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let row = 0; row < kh; row++)
          for (let column = 0; column < kw; column++) {
            positions[i] = (n * gridHeight + y * stride + row) * gridWidth + x * stride + column;
            i += 1;
          }
  return positions;
}

const convGradientOps = {
  /** dL/dx from dL/dy and the weight. */
  convInputGradient: defineOp<ConvAttributes & { inputShape: Shape }>({
    name: 'convInputGradient',
    shape: (_, { inputShape }) => inputShape,
    emit: ({ graph, names, inputs, attributes: { stride, pads, inputShape } }) => {
      const [g, w] = inputs as [Tensor, Tensor];
      const [, , kh, kw] = w.shape as [number, number, number, number];
      const [top, left, bottom, right] = pads;
      // cuDNN has a transposed convolution; on other devices a flipped kernel is faster.
      const asConvolution =
        !graph.fewNodes &&
        stride === 1 &&
        elementCount(w.shape) < elementCount(g.shape) &&
        Math.max(top, bottom) < kh &&
        Math.max(left, right) < kw;
      if (asConvolution) {
        const flipped =
          kh * kw === 1
            ? names[1]!
            : graph.node('Slice', [
                names[1]!,
                graph.integers([-1, -1]),
                graph.integers([-kh - 1, -kw - 1]),
                graph.integers([2, 3]),
                graph.integers([-1, -1]),
              ]);
        const weight = graph.node('Transpose', [flipped], { perm: { ints: [1, 0, 2, 3] } });
        const mirrored = { ints: [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right] };
        return graph.node('Conv', [names[0]!, weight], { strides: { ints: [1, 1] }, pads: mirrored });
      }
      const outputPadding = [
        inputShape[2]! - ((g.shape[2]! - 1) * stride + kh - top - bottom),
        inputShape[3]! - ((g.shape[3]! - 1) * stride + kw - left - right),
      ];
      return graph.node('ConvTranspose', names, {
        ...onnxAttributes({ stride, pads }),
        output_padding: { ints: outputPadding },
      });
    },
    vjp: 'second derivatives of convolutions are not needed',
  }),
  /**
   * dL/dw from x and dL/dy as one matrix product [O, N*OH*OW] x [N*OH*OW, kh*kw*C]. With channels last, a window
   * consists of kh*kw runs of C numbers, which one Gather collects.
   */
  convWeightGradient: defineOp<ConvAttributes & { weightShape: Shape }>({
    name: 'convWeightGradient',
    shape: (_, { weightShape }) => weightShape,
    emit: ({ graph, names, inputs, attributes: { stride, pads, weightShape } }) => {
      const [x, g] = inputs as [Tensor, Tensor];
      const [out, channels, kh, kw] = weightShape as [number, number, number, number];
      const [batch, , height, width] = g.shape as [number, number, number, number];
      const length = batch * height * width;
      const reshaped = (value: string, shape: Shape) => graph.node('Reshape', [value, graph.integers(shape)]);
      const moved = (value: string, perm: readonly number[]) =>
        graph.node('Transpose', [value], { perm: { ints: perm } });
      const gRows = reshaped(moved(names[1]!, [1, 0, 2, 3]), [out, length]);
      if (kh * kw === 1 && stride === 1 && pads.every((p) => p === 0)) {
        const columns = reshaped(moved(names[0]!, [1, 0, 2, 3]), [channels, length]);
        const product = { transA: false, transB: true, alpha: 1, rankA: 2, rankB: 2 };
        return reshaped(emitMatmul(graph, [gRows, columns], product), weightShape);
      }
      const channelsLast = moved(names[0]!, [0, 2, 3, 1]); // [N, H, W, C]
      const padded = pads.some((p) => p > 0)
        ? graph.node('Pad', [channelsLast, graph.integers([0, pads[0], pads[1], 0, 0, pads[2], pads[3], 0])])
        : channelsLast;
      const grid = [x.shape[2]! + pads[0] + pads[2], x.shape[3]! + pads[1] + pads[3]] as const;
      const rows = reshaped(padded, [batch * grid[0] * grid[1], channels]);
      const seen = windowPositions({ batch, grid, output: [height, width], kernel: [kh, kw], stride });
      const windows = graph.node('Gather', [rows, graph.integers(seen)], { axis: { int: 0 } });
      const product = graph.node('MatMul', [gRows, reshaped(windows, [length, kh * kw * channels])]);
      return reshaped(moved(reshaped(product, [out, kh * kw, channels]), [0, 2, 1]), weightShape);
    },
    vjp: 'second derivatives of convolutions are not needed',
  }),
};

export const convOps = {
  ...convGradientOps,
  conv2d: defineOp<ConvAttributes>({
    name: 'conv2d',
    shape: ([x, w, bias], attributes) => {
      const fits =
        x!.shape.length === 4 &&
        w!.shape.length === 4 &&
        x!.shape[1] === w!.shape[1] &&
        (!bias || sameShape(bias.shape, [w!.shape[0]!]));
      if (!fits) {
        const got = `${describeTensor(x!)}, ${describeTensor(w!)}${bias ? `, ${describeTensor(bias)}` : ''}`;
        throw new Error(`conv2d: expected x [N, C, H, W], weight [O, C, kh, kw], bias [O], got ${got}`);
      }
      return convShape(x!.shape, w!.shape, attributes);
    },
    emit: ({ graph, names, attributes }) => graph.node('Conv', names, onnxAttributes(attributes)),
    vjp: ({ inputs, gradient, attributes, form }) => {
      const [x, w, bias] = inputs as [Tensor, Tensor, Tensor?];
      const dx = apply(convGradientOps.convInputGradient, [gradient, w], { ...attributes, inputShape: x.shape });
      const dw = apply(convGradientOps.convWeightGradient, [x, gradient], { ...attributes, weightShape: w.shape });
      if (!bias) return [dx, dw];
      // CUDA's reduction of axes that are not neighbours starts three kernels.
      const rows = form.fewNodes ? sum(gradient, { axes: [2, 3] }) : gradient;
      return [dx, dw, sum(rows, { axes: form.fewNodes ? [0] : [0, 2, 3] })];
    },
  }),
};

/** Convolution of x [N, C, H, W] with weight [O, C, kh, kw] and optional bias [O]. */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { stride = 1, padding = 0 }: { stride?: number; padding?: Padding } = {},
): Tensor {
  const pads = typeof padding === 'number' ? ([padding, padding, padding, padding] as const) : padding;
  return apply(convOps.conv2d, bias ? [x, weight, bias] : [x, weight], { stride, pads });
}
