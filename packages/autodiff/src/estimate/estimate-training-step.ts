/** What a training step on the CPU will need, before it is made: memory of its parts, and its work. */
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
  /** Weights, trained or not; two moments, and the moving average where one is kept. */
  readonly weightBytes: number;
  readonly optimizerBytes: number;
  /** Activations and gradients at their most, as the runtime's allocator holds them. */
  readonly runBytes: number;
  readonly work: Pick<GraphEstimate, 'flops' | 'elementwiseBytes' | 'nodes'>;
}

/**
 * The runtime's arena hands out chunks larger than asked for, and what a graph's session keeps of its nodes is memory,
 * too. Between what was measured on Stable Diffusion 1.5 for all weights and for LoRAs (docs/full-size.md).
 */
const ARENA_SLACK = 1.15;
const BYTES_PER_NODE = 20_000;

/** Estimates a step that `createTrainingStep` would make of the same arguments with one replica. */
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
  /** A moving average of the trained weights is kept. */
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
