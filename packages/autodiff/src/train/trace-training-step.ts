/** The graph of a training step: loss, metrics and gradients, traced and lowered. `training-step.ts` runs it. */
import { type InputSpec, inputName, traceInputs } from '../compile.ts';
import { gradients as reverse } from '../gradient.ts';
import { type LoweredGraph, type LoweringForm, lowerGraph } from '../lower.ts';
import { mul } from '../ops/elementwise.ts';
import { createParameterScope, type ParameterScope } from '../parameters.ts';
import type { Precision } from '../precision.ts';
import { describeTensor, elementCount, input, type Tensor } from '../tensor.ts';

export interface TracedTrainingStep {
  lowered: LoweredGraph;
  /** The scalars that a step reports, including the loss. */
  traced: Record<string, Tensor>;
  trained: readonly Tensor[];
  /** Returns the name of the graph output that has the gradient of a trained parameter. */
  gradientKey: (parameter: Tensor) => string;
}

/**
 * Graph optimizers of the runtime that training must disable. The first optimizer merges recomputed nodes back into the
 * originals. The second optimizer replaces the nodes that output gradients, and thereby changes the execution order
 * that keeps memory use low.
 */
export const DISABLED_OPTIMIZERS = ['CommonSubexpressionElimination', 'TransposeOptimizer'] as const;

/** The graph's input for the loss scale, a scalar. */
export const LOSS_SCALE = 'lossScale';

/**
 * Traces `loss` and its gradients. Throws when there is nothing to train or a metric is not a scalar. With
 * `scalesLoss`, the loss is multiplied by the input `LOSS_SCALE` before differentiation; metrics are not scaled.
 */
export function traceTrainingStep<I extends string>({
  name,
  inputs,
  trainable,
  loss,
  form,
  precision = 'float32',
  scalesLoss = false,
}: {
  name: string;
  inputs: Record<I, InputSpec>;
  trainable: (name: string) => boolean;
  loss: (p: ParameterScope, x: Record<I, Tensor>) => { loss: Tensor } & Record<string, Tensor>;
  form: LoweringForm;
  precision?: Precision;
  scalesLoss?: boolean;
}): TracedTrainingStep {
  const { scope, tensors } = createParameterScope();
  const traced = loss(scope, traceInputs(inputs));
  for (const [key, tensor] of Object.entries<Tensor>(traced)) {
    if (elementCount(tensor.shape) !== 1)
      throw new Error(`${name}, ${key}: expected a scalar, got ${describeTensor(tensor)}`);
  }
  const trained = [...tensors.values()].filter((tensor) => trainable(inputName(tensor)));
  if (trained.length === 0) throw new Error(`${name}: expected at least one trainable parameter, got none`);
  const scaled = scalesLoss ? mul(traced.loss, input(LOSS_SCALE, [])) : traced.loss;
  const slopes = reverse(scaled, trained, form);
  const gradientKey = (tensor: Tensor) => `gradient:${inputName(tensor)}`;
  const outputs = new Map<string, Tensor>(
    Object.entries<Tensor>(traced).map(([key, tensor]) => [`metric:${key}`, tensor]),
  );
  trained.forEach((tensor, i) => {
    outputs.set(gradientKey(tensor), slopes[i]!);
  });
  const deferred = new Set(trained.map(gradientKey));
  const lowered = lowerGraph({ name, outputs, deferred, form, precision });
  return { lowered, traced, trained, gradientKey };
}
