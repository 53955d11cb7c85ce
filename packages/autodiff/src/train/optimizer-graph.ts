/**
 * The optimizer as a graph, for devices with their own memory: global norm, clipping, AdamW and moving average. Inputs
 * and outputs stay on the device. `adamw.ts` has the same arithmetic on host arrays.
 */

import { inputName } from '../compile.ts';
import { type LoweringForm, lowerGraph } from '../lower.ts';
import type { OnnxGraph } from '../onnx/model.ts';
import { add, clamp, div, mul, sqrt, sub } from '../ops/elementwise.ts';
import { broadcastTo, sum } from '../ops/reduce.ts';
import { reshape } from '../ops/shape.ts';
import { constant, input, type Tensor } from '../tensor.ts';
import type { OptimizerOptions } from './adamw.ts';

/** Scalars that are fed at each update. */
export const OPTIMIZER_SCALARS = ['gradientScale', 'stepSize', 'rootCorrection2', 'decay', 'averaging'] as const;
export type OptimizerScalar = (typeof OPTIMIZER_SCALARS)[number];

/** The state that an update replaces, by group and parameter. */
export type StateGroup = 'parameters' | 'firstMoment' | 'secondMoment' | 'ema';

export const stateKey = (group: StateGroup, name: string): string => `${group}:${name}`;
export const gradientInput = (name: string): string => `gradient:${name}`;

/**
 * Builds the optimizer's graph. Inputs: `gradientInput` and each `stateKey` of `trained` (as `input:<key>`), and the
 * scalars. The scalar `gradientScale` turns the sum of loss-scaled gradients into the mean gradient. Outputs: `norm`,
 * the mean gradient's global norm before clipping, and each `stateKey`.
 */
export function optimizerGraph(
  trained: readonly Tensor[],
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, maxGradientNorm = 1 }: OptimizerOptions,
  { averages, form }: { averages: boolean; form: LoweringForm },
): OnnxGraph {
  const scalar = Object.fromEntries(OPTIMIZER_SCALARS.map((name) => [name, input(name, [])])) as Record<
    OptimizerScalar,
    Tensor
  >;
  const outputs = new Map<string, Tensor>();
  const slopes = trained.map((tensor) => input(gradientInput(inputName(tensor)), tensor.shape));
  const squares = slopes.map((slope) => sum(mul(slope, slope))).reduce((total, square) => add(total, square));
  const norm = mul(sqrt(squares), scalar.gradientScale);
  outputs.set('norm', norm);
  const clipping = Number.isFinite(maxGradientNorm)
    ? clamp(div(constant(maxGradientNorm), add(norm, 1e-6)), { max: 1 })
    : constant(1);
  const factor = mul(scalar.gradientScale, clipping);
  trained.forEach((tensor, i) => {
    const name = inputName(tensor);
    const before = (group: StateGroup) => input(stateKey(group, name), tensor.shape);
    const weight = before('parameters');
    const gradient = mul(slopes[i]!, factor);
    const first = add(mul(before('firstMoment'), beta1), mul(gradient, 1 - beta1));
    const second = add(mul(before('secondMoment'), beta2), mul(mul(gradient, gradient), 1 - beta2));
    const root = add(mul(sqrt(second), scalar.rootCorrection2), epsilon);
    const change = add(mul(weight, scalar.decay), div(mul(first, scalar.stepSize), root));
    const next = sub(weight, change);
    outputs.set(stateKey('firstMoment', name), first);
    outputs.set(stateKey('secondMoment', name), second);
    outputs.set(stateKey('parameters', name), next);
    if (!averages) return;
    const average = before('ema');
    outputs.set(stateKey('ema', name), add(average, mul(sub(next, average), scalar.averaging)));
  });
  return lowerGraph({ name: 'optimizer', outputs, form }).graph;
}

/**
 * The scalars that an optimizer's graph has as inputs. The graph has inputs only for values that it uses: without a
 * moving average, the scalar `averaging` is not an input.
 */
export function scalarsOf({ inputs }: OnnxGraph): OptimizerScalar[] {
  return OPTIMIZER_SCALARS.filter((key) => inputs.some(({ name }) => name === `input:${key}`));
}

/** A graph with one output for each of `buffers`, filled with the value of a one-element input of the same type. */
export function zerosGraph(buffers: readonly Tensor[]): OnnxGraph {
  const zeros = { float32: input('float32', [1]), int64: input('int64', [1], 'int64') };
  const outputs = new Map(
    buffers.map((buffer) => {
      const { dtype, shape } = buffer;
      const zero = zeros[dtype];
      return [inputName(buffer), shape.length === 0 ? reshape(zero, []) : broadcastTo(zero, shape)];
    }),
  );
  return lowerGraph({ name: 'zeros', outputs, form: { hasFusedMatMul: false, fewNodes: false } }).graph;
}

/**
 * A graph that adds gradients of several batches: `a:<name>` + `b:<name>` for each parameter, as outputs
 * `gradientInput(name)`.
 */
export function gradientSumGraph(trained: readonly Tensor[]): OnnxGraph {
  const outputs = new Map<string, Tensor>();
  for (const tensor of trained) {
    const name = inputName(tensor);
    outputs.set(gradientInput(name), add(input(`a:${name}`, tensor.shape), input(`b:${name}`, tensor.shape)));
  }
  return lowerGraph({ name: 'gradient sum', outputs, form: { hasFusedMatMul: false, fewNodes: false } }).graph;
}
