/**
 * Mixed precision: decides, during lowering, which ops compute in float16 and where values are converted between
 * float16 and float32. Weights, inputs and outputs of a graph stay float32; sums, statistics and losses are computed in
 * float32 (Micikevicius et al. 2018, section 3.3). Loss scaling is done by the training step.
 */
import type { OPS } from './ops/index.ts';
import type { Tensor } from './tensor.ts';

export type Precision = 'float32' | 'float16';

/**
 * How an op behaves in float16 mode. A `half` op has float16 inputs and outputs. A `widest` op is float32 if any of its
 * inputs is float32. A `full` op has float32 inputs and outputs. A `fullInside` op computes in float32 and returns the
 * type of its first input.
 */
type HalfBehaviour = 'half' | 'widest' | 'full' | 'fullInside';

/** Ops that are not in `OPS` because only gradients use them. */
type GradientRow = 'scatterAddRows' | 'normalisedRows' | 'inverseDeviation' | 'geluSlope';

const BEHAVIOUR: Readonly<Record<keyof typeof OPS | GradientRow, HalfBehaviour>> = {
  add: 'widest',
  sub: 'widest',
  mul: 'widest',
  div: 'full',
  neg: 'widest',
  exp: 'full',
  log: 'full',
  sqrt: 'full',
  sin: 'full',
  cos: 'full',
  tanh: 'full',
  pow: 'full',
  clamp: 'widest',
  isPositive: 'widest',
  sigmoid: 'widest',
  relu: 'widest',
  silu: 'widest',
  gelu: 'widest',
  normalCdf: 'full',
  sum: 'full',
  mean: 'full',
  broadcastTo: 'widest',
  reshape: 'widest',
  transpose: 'widest',
  concat: 'widest',
  slice: 'widest',
  padAxis: 'widest',
  matmul: 'half',
  linear: 'half',
  conv2d: 'half',
  convInputGradient: 'half',
  convWeightGradient: 'half',
  groupNorm: 'fullInside',
  layerNorm: 'fullInside',
  softmax: 'fullInside',
  logSoftmax: 'full',
  fusedAttention: 'half',
  embedding: 'widest',
  scatterAddRows: 'full',
  normalisedRows: 'fullInside',
  inverseDeviation: 'full',
  geluSlope: 'fullInside',
  oneHot: 'full',
  upsampleNearest2x: 'widest',
  averagePool2x: 'widest',
  maxPool: 'widest',
  maxPoolGradient: 'full',
  averagePoolSame: 'widest',
  stopGradient: 'widest',
};

/** The type in which an op computes, and the type in which its result is stored. */
export interface Placement {
  compute: Precision;
  result: Precision;
}

const FULL: Placement = { compute: 'float32', result: 'float32' };
const HALF: Placement = { compute: 'float16', result: 'float16' };

/**
 * Returns a function from a tensor to its placement. Only the ops in `ordered` (inputs before their users) may get
 * float16; all other tensors are float32.
 */
export function placeOps(
  ordered: readonly Tensor[],
  precision: Precision,
  { hasHalfSoftmax = false }: { hasHalfSoftmax?: boolean } = {},
): (tensor: Tensor) => Placement {
  const placements = new Map<number, Placement>();
  const placementOf = (tensor: Tensor) => placements.get(tensor.id) ?? FULL;
  if (precision === 'float32') return placementOf;
  for (const tensor of ordered) {
    if (tensor.source.kind !== 'op' || tensor.dtype !== 'float32') continue;
    const { name, inputs } = tensor.source.node;
    const known = (BEHAVIOUR as Readonly<Record<string, HalfBehaviour | undefined>>)[name] ?? 'full';
    const behaviour = name === 'softmax' && hasHalfSoftmax ? 'widest' : known;
    // A constant adopts the type that its user needs.
    const types = inputs
      .filter((x) => x.dtype === 'float32' && x.source.kind !== 'constant')
      .map((x) => placementOf(x).result);
    const narrow = types.length > 0 && types.every((type) => type === 'float16');
    if (behaviour === 'half' || (behaviour === 'widest' && narrow)) placements.set(tensor.id, HALF);
    if (behaviour === 'fullInside') {
      placements.set(tensor.id, { compute: 'float32', result: types[0] ?? 'float32' });
    }
  }
  return placementOf;
}
