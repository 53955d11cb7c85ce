/** Estimates a training step on the CPU before the step is created: the memory of each part, and the amount of work. */
import { type InputSpec, inputName } from '../compile.ts';
import type { ParameterScope } from '../parameters.ts';
import { DEVICES } from '../runtime/index.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import { MAX_KEPT_GRADIENT_BYTES } from '../train/gradient-memory.ts';
import { traceTrainingStep } from '../train/trace-training-step.ts';
import { estimateGraph, type GraphEstimate } from './estimate-graph.ts';

export interface TrainingStepEstimate {
  readonly parameters: number;
  readonly trainedParameters: number;
  /**
   * Bytes of all weights. `optimizerBytes` are those of the trained weights' two moments and, if there is one, moving
   * average.
   */
  readonly weightBytes: number;
  readonly optimizerBytes: number;
  /** Peak memory of activations and gradients, including what ONNX Runtime's allocator adds. */
  readonly runBytes: number;
  readonly work: Pick<GraphEstimate, 'flops' | 'elementwiseBytes' | 'nodes'>;
}

/**
 * Factor for memory that the runtime needs beyond live values: larger chunks of its arena, and a session's data for its
 * nodes. The factor lies between those measured on Stable Diffusion 1.5 for full fine-tuning and for LoRAs
 * (docs/full-size.md).
 */
const ARENA_SLACK = 1.15;
const BYTES_PER_NODE = 20_000;

/** Estimates the training step that `createTrainingStep` would make from the same arguments with one replica. */
export function estimateTrainingStep<I extends string>({
  name,
  inputs,
  trainable = () => true,
  loss,
  averages = false,
}: {
  name: string;
  inputs: Record<I, InputSpec>;
  trainable?: (name: string) => boolean;
  loss: (p: ParameterScope, x: Record<I, Tensor>) => { loss: Tensor } & Record<string, Tensor>;
  /** Whether a moving average of the trained weights is kept. */
  averages?: boolean;
}): TrainingStepEstimate {
  const { lowered, trained } = traceTrainingStep({ name, inputs, trainable, loss, form: DEVICES.cpu.form });
  const count = (tensors: readonly Tensor[]) => tensors.reduce((total, { shape }) => total + elementCount(shape), 0);
  const trainedNames = new Set(trained.map(inputName));
  const frozen = lowered.parameters.filter((tensor) => !trainedNames.has(inputName(tensor)));
  const trainedParameters = count(trained);
  const parameters = trainedParameters + count(frozen);
  const gradientBytes = 4 * trainedParameters;
  const areKept = gradientBytes <= MAX_KEPT_GRADIENT_BYTES;
  const graph = estimateGraph(lowered.graph, { outputs: areKept ? 'own' : 'counted' });
  return {
    parameters,
    trainedParameters,
    weightBytes: 4 * parameters,
    optimizerBytes: 4 * trainedParameters * (averages ? 3 : 2),
    runBytes: ARENA_SLACK * graph.peakBytes + BYTES_PER_NODE * graph.nodes + (areKept ? gradientBytes : 0),
    work: graph,
  };
}
