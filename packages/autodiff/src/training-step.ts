/**
 * A training step: one ONNX graph for loss and gradients, then the update on the host arrays that the graph reads.
 * Weights exist once: the session binds the caller's arrays and the optimizer writes into them between runs.
 */
import { applyAdamW, globalNorm, type OptimizerOptions, type OptimizerState } from './adamw.ts';
import {
  bindFeeds,
  bindParameters,
  checkParameters,
  type Feed,
  type InputSpec,
  inputName,
  traceInputs,
} from './compile.ts';
import { gradients as reverse } from './gradient.ts';
import { lowerGraph } from './lower.ts';
import { encodeModel } from './onnx/encode.ts';
import { createParameterScope, type ParameterScope, type ParameterValues } from './parameters.ts';
import { createSession, type Device } from './runtime/index.ts';
import { describeTensor, elementCount, type Tensor } from './tensor.ts';

export type Metrics = { loss: number } & Record<string, number>;

export interface TrainingStep<I extends string> {
  /** Loss, gradients and update; throws and changes nothing when loss or gradient is not finite. */
  step(
    feeds: Record<I, Feed>,
    options: { learningRate: number; signal?: AbortSignal },
  ): Promise<Metrics & { gradientNorm: number }>;
  /** Adds this batch's gradients to the buffers; `apply` then uses their mean. */
  accumulate(feeds: Record<I, Feed>, options?: { signal?: AbortSignal }): Promise<Metrics>;
  apply(options: { learningRate: number }): { gradientNorm: number };
  readonly state: OptimizerState;
  dispose(): void;
}

/** Builds and compiles a step. `parameters` are updated in place; `state` continues an earlier run. */
export async function createTrainingStep<I extends string>({
  name,
  inputs,
  parameters,
  trainable = () => true,
  loss,
  optimizer = {},
  device = 'cpu',
  threads,
  state: restored,
}: {
  name: string;
  inputs: Record<I, InputSpec>;
  parameters: ParameterValues;
  trainable?: (name: string) => boolean;
  loss: (p: ParameterScope, x: Record<I, Tensor>) => { loss: Tensor } & Record<string, Tensor>;
  optimizer?: OptimizerOptions;
  device?: Device;
  threads?: number;
  state?: OptimizerState;
}): Promise<TrainingStep<I>> {
  const { scope, tensors } = createParameterScope();
  const traced = loss(scope, traceInputs(inputs));
  const metricNames = Object.keys(traced);
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
  const lowered = lowerGraph({
    name,
    outputs,
    deferred: new Set(trained.map(gradientKey)),
    hasFusedMatMul: device === 'cpu',
  });
  checkParameters(name, lowered.parameters, parameters);

  const session = await createSession(encodeModel(lowered.graph), {
    device,
    graphOptimization: 'basic',
    // It would merge recomputed nodes back into the originals.
    disabledOptimizers: ['CommonSubexpressionElimination'],
    ...(threads === undefined ? {} : { threads }),
  });
  const binding = session.createBinding();
  const gradients = new Map<string, Float32Array>();
  for (const tensor of trained) {
    const data = new Float32Array(elementCount(tensor.shape));
    gradients.set(inputName(tensor), data);
    binding.bindOutput(gradientKey(tensor), { type: 'float32', shape: tensor.shape, data });
  }
  const metricArrays = new Map(metricNames.map((key) => [key, new Float32Array(1)]));
  for (const [key, data] of metricArrays) {
    binding.bindOutput(`metric:${key}`, { type: 'float32', shape: (traced[key] as Tensor).shape, data });
  }
  const used = new Set(lowered.inputs.map(inputName));
  const state = restored
    ? checkState(name, restored, trained)
    : freshState(parameters, trained, optimizer.emaDecay !== undefined);
  let accumulated: Map<string, Float32Array> | undefined;
  let batches = 0;

  const evaluate = async (feeds: Record<I, Feed>, signal: AbortSignal | undefined): Promise<Metrics> => {
    bindFeeds(name, binding, inputs, feeds, used);
    bindParameters(binding, lowered.parameters, parameters);
    await binding.run(signal ? { signal } : {});
    const metrics = Object.fromEntries([...metricArrays].map(([key, data]) => [key, data[0]!])) as Metrics;
    if (!Number.isFinite(metrics.loss))
      throw new Error(`${name}, update ${state.step + 1}: expected a finite loss, got ${metrics.loss}`);
    return metrics;
  };
  const update = (source: ReadonlyMap<string, Float32Array>, count: number, learningRate: number) => {
    const gradientNorm = globalNorm(source.values()) / count;
    if (!Number.isFinite(gradientNorm)) {
      const culprit = [...source].find(([, data]) => data.some((value) => !Number.isFinite(value)))?.[0];
      throw new Error(`${name}, update ${state.step + 1}: expected finite gradients, got ${gradientNorm} (${culprit})`);
    }
    const limit = optimizer.maxGradientNorm ?? 1;
    const gradientScale = Math.min(1, limit / (gradientNorm + 1e-6)) / count;
    applyAdamW(state, source, optimizer, { learningRate, gradientScale });
    return { gradientNorm };
  };
  return {
    state,
    async step(feeds, { learningRate, signal }) {
      const metrics = await evaluate(feeds, signal);
      return { ...metrics, ...update(gradients, 1, learningRate) };
    },
    async accumulate(feeds, { signal } = {}) {
      const metrics = await evaluate(feeds, signal);
      accumulated ??= new Map([...gradients].map(([key, data]) => [key, new Float32Array(data.length)]));
      for (const [key, data] of gradients) {
        const total = accumulated.get(key)!;
        for (let i = 0; i < data.length; i++) total[i] = total[i]! + data[i]!;
      }
      batches += 1;
      return metrics;
    },
    apply({ learningRate }) {
      if (!accumulated || batches === 0) throw new Error(`${name}: expected accumulate before apply, got no batch`);
      const result = update(accumulated, batches, learningRate);
      for (const data of accumulated.values()) data.fill(0);
      batches = 0;
      return result;
    },
    dispose() {
      binding.dispose();
      session.dispose();
    },
  };
}

function freshState(parameters: ParameterValues, trained: readonly Tensor[], withEma: boolean): OptimizerState {
  const zeros = () =>
    new Map(trained.map((t) => [inputName(t), { shape: t.shape, data: new Float32Array(elementCount(t.shape)) }]));
  const state: OptimizerState = { step: 0, parameters, firstMoment: zeros(), secondMoment: zeros() };
  if (!withEma) return state;
  const ema = new Map(
    trained.map((t) => [inputName(t), { shape: t.shape, data: parameters.get(inputName(t))!.data.slice() }]),
  );
  return { ...state, ema };
}

function checkState(name: string, state: OptimizerState, trained: readonly Tensor[]): OptimizerState {
  for (const moments of [state.firstMoment, state.secondMoment])
    checkParameters(`${name}, optimizer state`, trained, moments);
  return state;
}
