/** The graph of a training step: loss, metrics and gradients, traced and lowered. Running it is `training-step.ts`'s. */
import { type InputSpec, inputName, traceInputs } from './compile.ts';
import { gradients as reverse } from './gradient.ts';
import { type LoweredGraph, lowerGraph } from './lower.ts';
import { createParameterScope, type ParameterScope } from './parameters.ts';
import { describeTensor, elementCount, type Tensor } from './tensor.ts';

export interface TracedTrainingStep {
  lowered: LoweredGraph;
  /** The scalars that a step reports, the loss among them. */
  traced: Record<string, Tensor>;
  trained: readonly Tensor[];
  /** The graph's output with the gradient of a trained parameter. */
  gradientKey: (parameter: Tensor) => string;
}

/** Traces `loss` and its gradients; throws one sentence where there is nothing to train or a metric is no scalar. */
export function traceTrainingStep<I extends string>({
  name,
  inputs,
  trainable,
  loss,
  hasFusedMatMul,
}: {
  name: string;
  inputs: Record<I, InputSpec>;
  trainable: (name: string) => boolean;
  loss: (p: ParameterScope, x: Record<I, Tensor>) => { loss: Tensor } & Record<string, Tensor>;
  hasFusedMatMul: boolean;
}): TracedTrainingStep {
  const { scope, tensors } = createParameterScope();
  const traced = loss(scope, traceInputs(inputs));
  for (const [key, tensor] of Object.entries<Tensor>(traced)) {
    if (elementCount(tensor.shape) !== 1)
      throw new Error(`${name}, ${key}: expected a scalar, got ${describeTensor(tensor)}`);
  }
  const trained = [...tensors.values()].filter((tensor) => trainable(inputName(tensor)));
  if (trained.length === 0) throw new Error(`${name}: expected at least one trainable parameter, got none`);
  const slopes = reverse(traced.loss, trained);
  const gradientKey = (tensor: Tensor) => `gradient:${inputName(tensor)}`;
  const outputs = new Map<string, Tensor>(
    Object.entries<Tensor>(traced).map(([key, tensor]) => [`metric:${key}`, tensor]),
  );
  trained.forEach((tensor, i) => {
    outputs.set(gradientKey(tensor), slopes[i]!);
  });
  const lowered = lowerGraph({ name, outputs, deferred: new Set(trained.map(gradientKey)), hasFusedMatMul });
  return { lowered, traced, trained, gradientKey };
}
