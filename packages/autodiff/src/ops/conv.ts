/**
 * Rows for two-dimensional convolution and its two gradients, in NCHW and torch's weight layout [out, in, kh, kw].
 * The forms were chosen by measurement: docs/architecture.md.
 */
import { apply, defineOp } from '../op.ts';
import { describeTensor, elementCount, type Shape, sameShape, type Tensor } from '../tensor.ts';
import { emitMatmul } from './matmul.ts';
import { sum } from './reduce.ts';

/** Zeros added as [top, left, bottom, right], or the same number on each side. */
export type Padding = number | readonly [number, number, number, number];

interface ConvAttributes {
  stride: number;
  pads: readonly [number, number, number, number];
}

/** Positions of an output picture from which the zeros of the padded grid cost less than strided copies. */
const SMALLEST_RUN_GRID = 256;

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

const convGradientOps = {
  /** dL/dx from dL/dy and the weight. */
  convInputGradient: defineOp<ConvAttributes & { inputShape: Shape }>({
    name: 'convInputGradient',
    shape: (_, { inputShape }) => inputShape,
    emit: ({ graph, names, inputs, attributes: { stride, pads, inputShape } }) => {
      const [g, w] = inputs as [Tensor, Tensor];
      const [, , kh, kw] = w.shape as [number, number, number, number];
      const [top, left, bottom, right] = pads;
      const asConvolution =
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
   * dL/dw from x and dL/dy as one matrix product: the kh*kw shifted views of the padded input are stacked next to
   * the channels, so that the product [O, N*OH*OW] x [C*kh*kw, N*OH*OW]^T comes out in the weight's own layout.
   */
  convWeightGradient: defineOp<ConvAttributes & { weightShape: Shape }>({
    name: 'convWeightGradient',
    shape: (_, { weightShape }) => weightShape,
    emit: ({ graph, names, inputs, attributes: { stride, pads, weightShape } }) => {
      const [x, g] = inputs as [Tensor, Tensor];
      const [out, channels, kh, kw] = weightShape as [number, number, number, number];
      const [batch, , height, width] = g.shape as [number, number, number, number];
      const channelsFirst = { perm: { ints: [1, 0, 2, 3] } };
      const gMoved = graph.node('Transpose', [names[1]!], channelsFirst); // [O, N, OH, OW]
      const xMoved = graph.node('Transpose', [names[0]!], channelsFirst); // [C, N, H, W]
      const padded = pads.some((p) => p > 0)
        ? graph.node('Pad', [xMoved, graph.integers([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])])
        : xMoved;
      const taps = Array.from({ length: kh * kw }, (_, i) => ({ row: Math.floor(i / kw), column: i % kw }));
      const paddedHeight = x.shape[2]! + pads[0] + pads[2];
      const paddedWidth = x.shape[3]! + pads[1] + pads[3];
      // On the padded grid each view is one contiguous run a channel: copying is fast and costs a few products with zeros.
      const asRuns = stride === 1 && kh * kw > 1 && height * width >= SMALLEST_RUN_GRID;
      const length = asRuns
        ? batch * paddedHeight * paddedWidth - ((kh - 1) * paddedWidth + kw - 1)
        : batch * height * width;
      const run = (rows: string, start: number, axis: number) =>
        graph.node('Slice', [rows, graph.integers([start]), graph.integers([start + length]), graph.integers([axis])]);
      const reshaped = (value: string, shape: Shape) => graph.node('Reshape', [value, graph.integers(shape)]);
      const grid = batch * paddedHeight * paddedWidth;
      // The views stand on an axis of their own from the start, so that none needs a node more than its slice.
      const views = (): string[] => {
        if (asRuns) {
          const rows = reshaped(padded, [channels, 1, grid]);
          return taps.map(({ row, column }) => run(rows, row * paddedWidth + column, 2));
        }
        if (kh * kw === 1 && stride === 1) return [padded];
        const rows = reshaped(padded, [channels, 1, batch, paddedHeight, paddedWidth]);
        return taps.map(({ row, column }) => {
          const ends = [row + (height - 1) * stride + 1, column + (width - 1) * stride + 1];
          return graph.node('Slice', [
            rows,
            graph.integers([row, column]),
            graph.integers(ends),
            graph.integers([3, 4]),
            graph.integers([stride, stride]),
          ]);
        });
      };
      const stacked = views();
      const joined = stacked.length === 1 ? stacked[0]! : graph.node('Concat', stacked, { axis: { int: 1 } }); // [C, kh*kw, ...]
      const columns = reshaped(joined, [channels * kh * kw, length]);
      const gGrid = asRuns
        ? graph.node('Pad', [gMoved, graph.integers([0, 0, 0, 0, 0, 0, paddedHeight - height, paddedWidth - width])])
        : gMoved;
      const gRows = asRuns ? run(reshaped(gGrid, [out, grid]), 0, 1) : reshaped(gGrid, [out, length]);
      const product = emitMatmul(graph, [gRows, columns], {
        transA: false,
        transB: true,
        alpha: 1,
        rankA: 2,
        rankB: 2,
      });
      return reshaped(product, weightShape);
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
    vjp: ({ inputs, gradient, attributes }) => {
      const [x, w, bias] = inputs as [Tensor, Tensor, Tensor?];
      const dx = apply(convGradientOps.convInputGradient, [gradient, w], { ...attributes, inputShape: x.shape });
      const dw = apply(convGradientOps.convWeightGradient, [x, gradient], { ...attributes, weightShape: w.shape });
      return bias ? [dx, dw, sum(gradient, { axes: [0, 2, 3] })] : [dx, dw];
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
