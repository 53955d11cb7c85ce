/**
 * Every row of the op table at work: for each, random small shapes and a tensor made with it. Data for the tests that
 * hold gradients against finite differences and devices against each other; checks nothing itself.
 */
import {
  type CompiledFunction,
  checkpoint,
  compile,
  constant,
  createRandom,
  type Device,
  elementCount,
  type Feed,
  gradients,
  type PrecisionOption,
  type RandomGenerator,
  type Shape,
  sum,
  type Tensor,
} from '../index.ts';
import type { LoweringForm } from '../lower.ts';
import { gelu, normalCdf, quickGelu, relu, sigmoid, silu } from '../ops/activation.ts';
import { attention, logSoftmax, softmax } from '../ops/attention.ts';
import { conv2d } from '../ops/conv.ts';
import {
  add,
  clamp,
  cos,
  div,
  exp,
  isPositive,
  log,
  mul,
  neg,
  pow,
  sin,
  sqrt,
  square,
  sub,
  tanh,
} from '../ops/elementwise.ts';
import { embedding, gatherRows, oneHot } from '../ops/gather.ts';
import { crossEntropy, l2Normalize, meanSquaredError, stopGradient } from '../ops/loss.ts';
import { linear, matmul } from '../ops/matmul.ts';
import { groupNorm, layerNorm } from '../ops/norm.ts';
import { averagePoolSame, maxPool } from '../ops/pool.ts';
import { broadcastTo, mean } from '../ops/reduce.ts';
import { averagePool2x, upsampleNearest2x } from '../ops/resample.ts';
import { concat, padAxis, reshape, slice, split, transpose } from '../ops/shape.ts';
import { DEVICES } from '../runtime/index.ts';

/** One use of a row; a name such as 'conv2d strided' tells uses of one row apart. */
export interface OpCase {
  /** Shapes of the float inputs for one random draw. */
  shapes: (r: RandomGenerator) => Record<string, Shape>;
  build: (x: Record<string, Tensor>, ids: Tensor) => Tensor;
  /** Maps standard normals into the op's domain. */
  domain?: (value: number) => number;
  ids?: { shape: Shape; below: number };
}

const size = (r: RandomGenerator, from = 1, to = 5) => from + r.integer(to - from + 1);
const one = (r: RandomGenerator): Record<string, Shape> => ({ x: [size(r), size(r), size(r)] });
const pair = (r: RandomGenerator): Record<string, Shape> => {
  const [a, b, c] = [size(r), size(r), size(r)];
  return { x: [a, 1, c], y: r.integer(2) ? [b, c] : [1, b, 1] };
};
const positive = (value: number) => 0.5 + Math.abs(value);
const awayFromZero = (value: number) => value + 0.3 * Math.sign(value);
/** Far enough apart that a step of a finite difference seldom changes which is the largest. */
const distinct = (value: number) => 8 * value;
const image = (r: RandomGenerator): Record<string, Shape> => ({
  x: [size(r, 1, 3), size(r, 1, 3), 2 * size(r, 1, 3), 2 * size(r, 1, 3)],
});
const convolution =
  (kernel: number) =>
  (r: RandomGenerator): Record<string, Shape> => {
    const [n, c, o] = [size(r, 1, 3), size(r, 1, 4), size(r, 1, 4)];
    return { x: [n, c, size(r, 4, 7), size(r, 4, 7)], w: [o, c, kernel, kernel], b: [o] };
  };

export const OP_CASES: Readonly<Record<string, OpCase>> = {
  add: { shapes: pair, build: ({ x, y }) => add(x!, y!) },
  sub: { shapes: pair, build: ({ x, y }) => sub(x!, y!) },
  mul: { shapes: pair, build: ({ x, y }) => mul(x!, y!) },
  div: { shapes: pair, domain: positive, build: ({ x, y }) => div(x!, y!) },
  neg: { shapes: one, build: ({ x }) => neg(x!) },
  exp: { shapes: one, build: ({ x }) => exp(x!) },
  log: { shapes: one, domain: positive, build: ({ x }) => log(x!) },
  sqrt: { shapes: one, domain: positive, build: ({ x }) => sqrt(x!) },
  sin: { shapes: one, build: ({ x }) => sin(x!) },
  cos: { shapes: one, build: ({ x }) => cos(x!) },
  tanh: { shapes: one, build: ({ x }) => tanh(x!) },
  square: { shapes: one, build: ({ x }) => square(x!) },
  pow: { shapes: one, domain: positive, build: ({ x }) => pow(x!, -1.5) },
  clamp: {
    shapes: one,
    domain: (v) => (Math.abs(Math.abs(v) - 0.5) < 0.05 ? v * 1.3 : v),
    build: ({ x }) => clamp(x!, { min: -0.5, max: 0.5 }),
  },
  isPositive: { shapes: one, domain: awayFromZero, build: ({ x }) => mul(isPositive(x!), x!) },
  sigmoid: { shapes: one, build: ({ x }) => sigmoid(x!) },
  relu: { shapes: one, domain: awayFromZero, build: ({ x }) => relu(x!) },
  silu: { shapes: one, build: ({ x }) => silu(x!) },
  quickGelu: { shapes: one, build: ({ x }) => quickGelu(x!) },
  gelu: { shapes: one, build: ({ x }) => gelu(x!) },
  normalCdf: { shapes: one, build: ({ x }) => normalCdf(x!) },
  sum: { shapes: one, build: ({ x }) => sum(x!, { axes: [0, 2] }) },
  mean: { shapes: one, build: ({ x }) => mean(x!, { axes: [1], keepDims: true }) },
  broadcastTo: {
    shapes: (r) => ({ x: [size(r), 1, size(r)] }),
    build: ({ x }) => broadcastTo(x!, [3, x!.shape[0]!, 4, x!.shape[2]!]),
  },
  reshape: { shapes: one, build: ({ x }) => reshape(x!, [-1, x!.shape[2]!]) },
  transpose: { shapes: one, build: ({ x }) => transpose(x!, [2, 0, 1]) },
  concat: { shapes: (r) => ({ x: [2, size(r), 3], y: [2, size(r), 3] }), build: ({ x, y }) => concat([x!, y!, x!], 1) },
  slice: { shapes: (r) => ({ x: [2, size(r, 3, 6)] }), build: ({ x }) => slice(x!, { axis: -1, start: 1, end: 3 }) },
  split: {
    shapes: (r) => ({ x: [size(r), 4] }),
    build: ({ x }) => mul(...(split(x!, { axis: 1, parts: 2 }) as [Tensor, Tensor])),
  },
  padAxis: { shapes: one, build: ({ x }) => padAxis(x!, { axis: 1, before: 2, after: 1 }) },
  matmul: { shapes: (r) => ({ x: [2, size(r), 3], y: [3, size(r)] }), build: ({ x, y }) => matmul(x!, y!) },
  'matmul transposed left': {
    shapes: (r) => ({ x: [2, 3, size(r)], y: [2, 3, size(r)] }),
    build: ({ x, y }) => matmul(x!, y!, { transA: true, alpha: 0.5 }),
  },
  'matmul transposed right': {
    shapes: (r) => ({ x: [2, size(r), 3], y: [1, size(r), 3] }),
    build: ({ x, y }) => matmul(x!, y!, { transB: true }),
  },
  'matmul transposed both': {
    shapes: (r) => ({ x: [3, size(r)], y: [size(r), 3] }),
    build: ({ x, y }) => matmul(x!, y!, { transA: true, transB: true }),
  },
  linear: {
    shapes: (r) => {
      const [i, o] = [size(r), size(r)];
      return { x: [2, size(r), i], w: [o, i], b: [o] };
    },
    build: ({ x, w, b }) => linear(x!, w!, b!),
  },
  conv2d: { shapes: convolution(3), build: ({ x, w, b }) => conv2d(x!, w!, b!, { padding: 1 }) },
  'conv2d 1x1': { shapes: convolution(1), build: ({ x, w, b }) => conv2d(x!, w!, b!) },
  'conv2d strided': { shapes: convolution(3), build: ({ x, w, b }) => conv2d(x!, w!, b!, { stride: 2, padding: 1 }) },
  'conv2d large': {
    shapes: () => ({ x: [2, 2, 17, 16], w: [3, 2, 3, 3], b: [3] }),
    build: ({ x, w, b }) => conv2d(x!, w!, b!, { padding: 1 }),
  },
  'conv2d patches': {
    shapes: (r) => ({ x: [2, 3, 4, 4], w: [size(r), 3, 2, 2] }),
    build: ({ x, w }) => conv2d(x!, w!, undefined, { stride: 2 }),
  },
  'conv2d lopsided': {
    shapes: convolution(3),
    build: ({ x, w, b }) => conv2d(x!, w!, b!, { stride: 2, padding: [0, 0, 1, 1] }),
  },
  groupNorm: {
    shapes: (r) => {
      const c = 2 * size(r, 1, 3);
      return { x: [2, c, 3, size(r, 2, 4)], g: [c], b: [c] };
    },
    build: ({ x, g, b }) => groupNorm(x!, g!, b!, { groups: 2 }),
  },
  layerNorm: {
    shapes: (r) => {
      const c = size(r, 3, 6);
      return { x: [2, size(r), c], g: [c], b: [c] };
    },
    build: ({ x, g, b }) => layerNorm(x!, g!, b!),
  },
  softmax: { shapes: one, build: ({ x }) => softmax(x!) },
  logSoftmax: { shapes: one, build: ({ x }) => logSoftmax(x!) },
  attention: {
    shapes: (r) => {
      const s = size(r);
      return { q: [2, size(r), 4], k: [2, s, 4], v: [2, s, 4] };
    },
    build: ({ q, k, v }) => attention(q!, k!, v!, { heads: 2 }),
  },
  'attention by heads': {
    shapes: (r) => ({ q: [2, size(r, 2, 5), 6], k: [2, 4, 6], v: [2, 4, 6] }),
    build: ({ q, k, v }) => attention(q!, k!, v!, { heads: 3, maxWeightBytes: 2 * 4 * 4 * q!.shape[1]! }),
  },
  'attention by rows': {
    shapes: (r) => ({ q: [1, size(r, 3, 7), 4], k: [1, 5, 4], v: [1, 5, 4] }),
    build: ({ q, k, v }) => attention(q!, k!, v!, { heads: 2, maxWeightBytes: 2 * 4 * 5 }),
  },
  'attention causal': {
    shapes: () => ({ q: [2, 4, 4], k: [2, 4, 4], v: [2, 4, 4] }),
    build: ({ q, k, v }) => attention(q!, k!, v!, { heads: 2, causal: true }),
  },
  embedding: {
    shapes: (r) => ({ x: [5, size(r)] }),
    ids: { shape: [2, 3], below: 5 },
    build: ({ x }, ids) => embedding(x!, ids),
  },
  gatherRows: {
    shapes: (r) => ({ x: [3, 5, size(r)] }),
    ids: { shape: [3], below: 5 },
    build: ({ x }, ids) => gatherRows(x!, ids),
  },
  oneHot: {
    shapes: () => ({ x: [3, 5] }),
    ids: { shape: [3], below: 5 },
    build: ({ x }, ids) => mul(oneHot(ids, 5), x!),
  },
  crossEntropy: {
    shapes: () => ({ x: [4, 5] }),
    ids: { shape: [4], below: 5 },
    build: ({ x }, ids) => crossEntropy(x!, ids),
  },
  upsampleNearest2x: { shapes: image, build: ({ x }) => upsampleNearest2x(x!) },
  averagePool2x: { shapes: image, build: ({ x }) => averagePool2x(x!) },
  maxPool: {
    shapes: (r) => ({ x: [size(r, 1, 2), size(r, 1, 3), size(r, 3, 7), size(r, 3, 7)] }),
    domain: distinct,
    build: ({ x }) => maxPool(x!, { kernel: 3, stride: 2 }),
  },
  'maxPool padded': {
    shapes: (r) => ({ x: [size(r, 1, 2), 2, size(r, 2, 5), size(r, 2, 5)] }),
    domain: distinct,
    build: ({ x }) => maxPool(x!, { kernel: 3, stride: 1, padding: 1 }),
  },
  averagePoolSame: {
    shapes: (r) => ({ x: [size(r, 1, 2), size(r, 1, 3), size(r, 2, 6), size(r, 1, 6)] }),
    build: ({ x }) => averagePoolSame(x!, { kernel: 3 }),
  },
  meanSquaredError: { shapes: () => ({ x: [2, 3], y: [2, 3] }), build: ({ x, y }) => meanSquaredError(x!, y!) },
  l2Normalize: { shapes: (r) => ({ x: [2, size(r, 2, 5)] }), build: ({ x }) => l2Normalize(x!) },
  stopGradient: { shapes: one, build: ({ x }) => add(x!, stopGradient(mul(x!, 0))) },
  checkpoint: { shapes: one, build: ({ x }) => checkpoint((t) => tanh(mul(sigmoid(t), t)), x!) },
};

export interface CompiledCase {
  /** Gives `y` and the gradient `d<input>` of sum(y * projection) for each float input. */
  readonly fn: CompiledFunction<string, string>;
  readonly inputNames: readonly string[];
  readonly feeds: Record<string, Feed>;
  /** Random, of y's shape. */
  readonly projection: Float32Array;
}

/** Compiles a case with its gradients for one random draw of shapes and values; the caller disposes of `fn`. */
export async function compileCase(
  { shapes: draw, build, domain = (v) => v, ids }: OpCase,
  {
    seed,
    device = 'cpu',
    precision = 'float32',
    form = DEVICES[device].form,
  }: { seed: number; device?: Device; precision?: PrecisionOption; form?: LoweringForm },
): Promise<CompiledCase> {
  const random = createRandom(seed);
  const shapes = draw(random);
  const inputNames = Object.keys(shapes);
  let projection: Float32Array = new Float32Array();
  const fn = await compile<string, string>({
    name: 'op case',
    inputs: {
      ...Object.fromEntries(inputNames.map((n) => [n, { shape: shapes[n]! }])),
      ...(ids ? { ids: { shape: ids.shape, dtype: 'int64' as const } } : {}),
    },
    device,
    precision,
    form,
    threads: 1,
    build: (_, x) => {
      const y = build(x, x.ids!);
      projection = random.fillNormal(new Float32Array(elementCount(y.shape)));
      const loss = sum(mul(y, constant(projection, y.shape)));
      const slopes = gradients(
        loss,
        inputNames.map((n) => x[n]!),
        form,
      );
      return { y, ...Object.fromEntries(inputNames.map((n, i) => [`d${n}`, slopes[i]!])) };
    },
  });
  const feeds: Record<string, Feed> = {};
  if (ids) {
    feeds.ids = BigInt64Array.from({ length: elementCount(ids.shape) }, () => BigInt(random.integer(ids.below)));
  }
  for (const name of inputNames) {
    feeds[name] = random.fillNormal(new Float32Array(elementCount(shapes[name]!))).map(domain);
  }
  return { fn, inputNames, feeds, projection };
}
