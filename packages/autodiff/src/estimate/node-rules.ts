/**
 * Rules for estimating ONNX nodes: the result's shape, the floating-point operations, whether the result may reuse an
 * input's memory, and the kernel's workspace. Each ONNX operator that heed's op table emits has one rule. The rules
 * describe the kernels of ONNX Runtime's CPU provider.
 */
import type { OnnxAttribute, OnnxNode } from '../onnx/model.ts';
import { elementCount, type Shape } from '../tensor.ts';

/** A value's shape, and the contents of integer initializers (axes, shapes). */
export interface KnownValue {
  readonly shape: Shape;
  readonly numbers?: readonly number[];
}

export interface NodeContext {
  readonly node: OnnxNode;
  /** What is known of each input; undefined for an omitted optional input. */
  readonly inputs: readonly (KnownValue | undefined)[];
}

/** Kinds of work that a machine runs at different speeds. */
export type WorkKind = 'convolution' | 'matmul' | 'attention' | 'elementwise';

export interface NodeRule {
  readonly shape: (context: NodeContext) => Shape;
  /** Computes the shape of each further output from the shape of the first output. */
  readonly others?: (first: Shape) => Shape;
  readonly kind?: WorkKind;
  /** Number of floating-point operations; elementwise work is measured in bytes instead. */
  readonly flops?: (context: NodeContext & { output: Shape }) => number;
  /**
   * Where the result lies: with `alias` in the input's memory, unchanged; with `reuse` it may overwrite an input that
   * no other node needs.
   */
  readonly memory?: 'alias' | 'reuse';
  /** Bytes of workspace that the node's kernel allocates while it runs. */
  readonly workspaceBytes?: (context: NodeContext & { output: Shape }) => number;
}

const ints = (node: OnnxNode, name: string): readonly number[] | undefined => {
  const attribute: OnnxAttribute | undefined = node.attributes?.[name];
  return attribute !== undefined && 'ints' in attribute ? attribute.ints : undefined;
};
const int = (node: OnnxNode, name: string): number | undefined => {
  const attribute: OnnxAttribute | undefined = node.attributes?.[name];
  return attribute !== undefined && 'int' in attribute ? attribute.int : undefined;
};

function first({ node, inputs }: NodeContext): Shape {
  const known = inputs[0];
  if (known === undefined) throw new Error(`estimate: expected a first input of ${node.op} ${node.name}, got none`);
  return known.shape;
}

function numbersOf({ node, inputs }: NodeContext, index: number): readonly number[] {
  const numbers = inputs[index]?.numbers;
  if (numbers === undefined) throw new Error(`estimate: expected input ${index} of ${node.op} to be a constant`);
  return numbers;
}

const sameShape: NodeRule = { shape: first };
const overwriting: NodeRule = { shape: first, memory: 'reuse' };

const broadcasting: NodeRule = {
  shape: ({ inputs }) => {
    const shapes = inputs.map((input) => input!.shape);
    const rank = Math.max(...shapes.map((shape) => shape.length));
    return Array.from({ length: rank }, (_, axis) =>
      Math.max(...shapes.map((shape) => shape[axis - rank + shape.length] ?? 1)),
    );
  },
  memory: 'reuse',
};

const reduction: NodeRule = {
  shape: (context) => {
    const axes = numbersOf(context, 1);
    return int(context.node, 'keepdims') === 0
      ? first(context).filter((_, axis) => !axes.includes(axis))
      : first(context).map((size, axis) => (axes.includes(axis) ? 1 : size));
  },
};

const matmulShape = (context: NodeContext): Shape => {
  const [a, b] = context.inputs.map((input) => input!.shape) as [Shape, Shape];
  const rows = int(context.node, 'transA') === 1 ? a.at(-1)! : a.at(-2)!;
  const columns = int(context.node, 'transB') === 1 ? b.at(-2)! : b.at(-1)!;
  const leading = a.length >= b.length ? a.slice(0, -2) : b.slice(0, -2);
  return [...leading, rows, columns];
};

const matmul: NodeRule = {
  shape: matmulShape,
  kind: 'matmul',
  flops: (context) => {
    const inner = first(context).at(int(context.node, 'transA') === 1 ? -2 : -1)!;
    return 2 * elementCount(context.output) * inner;
  },
};

const spatial = ({ node, inputs }: NodeContext) => {
  const kernel = inputs[1]!.shape.slice(2) as [number, number];
  const [stride = 1] = ints(node, 'strides') ?? [];
  const [top = 0, left = 0, bottom = 0, right = 0] = ints(node, 'pads') ?? [];
  return { kernel, stride, pads: [top + bottom, left + right] as const };
};

const pooling: NodeRule = {
  shape: (context) => {
    const { node } = context;
    const kernel = ints(node, 'kernel_shape')!;
    const [stride = 1] = ints(node, 'strides') ?? [];
    const [top = 0, left = 0, bottom = 0, right = 0] = ints(node, 'pads') ?? [];
    const pads = [top + bottom, left + right];
    const [n, c, ...sides] = first(context);
    return [n!, c!, ...sides.map((side, i) => Math.floor((side + pads[i]! - kernel[i]!) / stride) + 1)];
  },
};

/** One rule for each operator. An operator without a rule is a mistake in this table. */
export const NODE_RULES: Readonly<Record<string, NodeRule>> = {
  ...Object.fromEntries(
    [
      'Neg',
      'Exp',
      'Log',
      'Sqrt',
      'Sin',
      'Cos',
      'Tanh',
      'Pow',
      'Clip',
      'Erf',
      'Relu',
      'Sigmoid',
      'HardSigmoid',
      'Softmax',
      'LogSoftmax',
    ]
      // The first input decides: exponents and limits are scalars.
      .map((op) => [op, overwriting]),
  ),
  ...Object.fromEntries(
    ['Gelu', 'QuickGelu', 'InstanceNormalization', 'Cast', 'ScatterND'].map((op) => [op, sameShape]),
  ),
  ...Object.fromEntries(['Add', 'Sub', 'Mul', 'Div'].map((op) => [op, broadcasting])),
  // Its other outputs are a row's mean and inverse deviation.
  LayerNormalization: { shape: first, others: (shape) => [...shape.slice(0, -1), 1] },
  Greater: { shape: broadcasting.shape },
  Identity: { shape: first, memory: 'alias' },
  Reshape: {
    shape: (context) => {
      const wanted = numbersOf(context, 1);
      const known = wanted.reduce((product, size) => (size > 0 ? product * size : product), 1);
      return wanted.map((size) => (size === -1 ? elementCount(first(context)) / known : size));
    },
    memory: 'alias',
  },
  Transpose: { shape: (context) => ints(context.node, 'perm')!.map((axis) => first(context)[axis]!) },
  Expand: {
    shape: (context) => {
      const wanted = numbersOf(context, 1);
      const own = first(context);
      return wanted.map((size, axis) => Math.max(size, own[axis - wanted.length + own.length] ?? 1));
    },
  },
  Concat: {
    shape: (context) => {
      const axis = int(context.node, 'axis')!;
      const total = context.inputs.reduce((length, input) => length + input!.shape[axis]!, 0);
      return first(context).map((size, i) => (i === axis ? total : size));
    },
  },
  Slice: {
    shape: (context) => {
      const shape = [...first(context)];
      const [starts, ends] = [numbersOf(context, 1), numbersOf(context, 2)];
      const axes = context.inputs[3] ? numbersOf(context, 3) : starts.map((_, i) => i);
      axes.forEach((axis, i) => {
        const step = context.inputs[4] ? numbersOf(context, 4)[i]! : 1;
        const size = shape[axis]!;
        const inside = (place: number) => Math.min(Math.max(place < 0 ? place + size : place, step < 0 ? -1 : 0), size);
        const [start, end] = [Math.min(inside(starts[i]!), step < 0 ? size - 1 : size), inside(ends[i]!)];
        shape[axis] = Math.max(0, Math.ceil((end - start) / step));
      });
      return shape;
    },
  },
  Pad: {
    shape: (context) => {
      const pads = numbersOf(context, 1);
      const own = first(context);
      return own.map((size, axis) => size + pads[axis]! + pads[axis + own.length]!);
    },
  },
  ReduceSum: reduction,
  ReduceMean: reduction,
  Gather: {
    shape: (context) => {
      const axis = int(context.node, 'axis') ?? 0;
      const own = first(context);
      return [...own.slice(0, axis), ...context.inputs[1]!.shape, ...own.slice(axis + 1)];
    },
  },
  ArgMax: { shape: (context) => first(context).filter((_, axis) => axis !== int(context.node, 'axis')) },
  OneHot: { shape: (context) => [...first(context), numbersOf(context, 1)[0]!] },
  Resize: {
    // The op table has one use of it: both sides doubled.
    shape: (context) => first(context).map((size, axis) => (axis < 2 ? size : 2 * size)),
  },
  AveragePool: pooling,
  MaxPool: pooling,
  MatMul: matmul,
  FusedMatMul: matmul,
  Gemm: matmul,
  Conv: {
    shape: (context) => {
      const { kernel, stride, pads } = spatial(context);
      const [n, , ...sides] = first(context);
      const out = sides.map((side, i) => Math.floor((side + pads[i]! - kernel[i]!) / stride) + 1);
      return [n!, context.inputs[1]!.shape[0]!, ...out];
    },
    kind: 'convolution',
    flops: ({ inputs, output }) => 2 * elementCount(output) * elementCount(inputs[1]!.shape.slice(1)),
  },
  ConvTranspose: {
    shape: (context) => {
      const { kernel, stride, pads } = spatial(context);
      const [n, , ...sides] = first(context);
      const extra = ints(context.node, 'output_padding') ?? [0, 0];
      const out = sides.map((side, i) => (side - 1) * stride + kernel[i]! - pads[i]! + extra[i]!);
      return [n!, context.inputs[1]!.shape[1]!, ...out];
    },
    kind: 'convolution',
    flops: (context) => 2 * elementCount(first(context)) * elementCount(context.inputs[1]!.shape.slice(1)),
    // Its columns for one picture: every tap of every output channel.
    workspaceBytes: (context) =>
      4 * elementCount(context.inputs[1]!.shape.slice(1)) * elementCount(first(context).slice(2)),
  },
  MultiHeadAttention: {
    shape: first,
    kind: 'attention',
    flops: ({ inputs, output }) => 4 * elementCount(output) * inputs[1]!.shape[1]!,
    // Queries, keys and values by heads.
    workspaceBytes: ({ inputs }) => 4 * inputs.reduce((total, input) => total + elementCount(input!.shape), 0),
  },
};
