/**
 * A training step: one ONNX graph for loss and gradients, then the update on the host arrays that the graph reads.
 * Weights exist once: each session binds the caller's arrays and the optimizer writes into them between runs.
 */
import { applyAdamW, type OptimizerOptions, type OptimizerState, sumAndNorm } from './adamw.ts';
import { bindFeeds, bindParameters, checkParameters, type Feed, type InputSpec, inputName } from './compile.ts';
import { bindGradients } from './gradient-memory.ts';
import { encodeModel } from './onnx/encode.ts';
import type { ParameterScope, ParameterValues } from './parameters.ts';
import { createSession, type Device } from './runtime/index.ts';
import { elementCount, type Tensor } from './tensor.ts';
import { traceTrainingStep } from './trace-training-step.ts';

type Gradients = ReadonlyMap<string, Float32Array>;

/**
 * Larger gradients get their memory from the runtime for the time of a step, which then uses it for activations as well;
 * smaller ones are written into the same arrays at each step, which is faster.
 */
const MAX_KEPT_GRADIENT_BYTES = 2 ** 28;

export type Metrics = { loss: number } & Record<string, number>;

/** One batch, or as many as there are replicas. */
export type Batches<I extends string> = Record<I, Feed> | readonly Record<I, Feed>[];

export interface TrainingStep<I extends string> {
  /** Loss, gradients and update; throws and changes nothing when loss or gradient is not finite. */
  step(
    feeds: Batches<I>,
    options: { learningRate: number; signal?: AbortSignal },
  ): Promise<Metrics & { gradientNorm: number }>;
  /** Adds these batches' gradients to the buffers; `apply` then uses their mean. */
  accumulate(feeds: Batches<I>, options?: { signal?: AbortSignal }): Promise<Metrics>;
  apply(options: { learningRate: number }): { gradientNorm: number };
  readonly state: OptimizerState;
  dispose(): void;
}

/**
 * Builds and compiles a step. `parameters` are updated in place; `state` continues an earlier run. Each of `replicas`
 * works on a batch of its own at the same time, with its share of the threads; an update takes the mean of their
 * gradients. Small networks gain from it: two threads share an operator badly, but two batches well.
 */
export async function createTrainingStep<I extends string>({
  name,
  inputs,
  parameters,
  trainable = () => true,
  loss,
  optimizer = {},
  device = 'cpu',
  threads,
  replicas = 1,
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
  replicas?: number;
  state?: OptimizerState;
}): Promise<TrainingStep<I>> {
  const { lowered, traced, trained, gradientKey } = traceTrainingStep({
    name,
    inputs,
    trainable,
    loss,
    hasFusedMatMul: device === 'cpu',
  });
  const metricNames = Object.keys(traced);
  checkParameters(name, lowered.parameters, parameters);

  const model = encodeModel(lowered.graph);
  const createReplica = async () => {
    const session = await createSession(model, {
      device,
      graphOptimization: 'basic',
      // It would merge recomputed nodes back into the originals.
      disabledOptimizers: ['CommonSubexpressionElimination'],
      ...(threads === undefined ? {} : { threads: Math.max(1, Math.floor(threads / replicas)) }),
    });
    const binding = session.createBinding();
    const gradients = bindGradients(binding, {
      trained,
      keyOf: gradientKey,
      maxKeptBytes: device === 'cpu' ? MAX_KEPT_GRADIENT_BYTES : Number.POSITIVE_INFINITY,
    });
    const metrics = new Map(metricNames.map((key) => [key, new Float32Array(1)]));
    for (const [key, data] of metrics) {
      binding.bindOutput(`metric:${key}`, { type: 'float32', shape: (traced[key] as Tensor).shape, data });
    }
    return { session, binding, gradients, metrics };
  };
  const team = await Promise.all(Array.from({ length: replicas }, createReplica));
  const used = new Set(lowered.inputs.map(inputName));
  const state = restored
    ? checkState(name, restored, trained)
    : freshState(parameters, trained, optimizer.emaDecay !== undefined);
  let accumulated: Map<string, Float32Array> | undefined;
  let batches = 0;

  /** Fills every replica's buffers; waits for all of them also when one fails. */
  const evaluate = async (feeds: Batches<I>, signal: AbortSignal | undefined): Promise<Metrics> => {
    const batches = Array.isArray(feeds) ? (feeds as readonly Record<I, Feed>[]) : [feeds as Record<I, Feed>];
    if (batches.length !== replicas) {
      throw new Error(`${name}: expected a batch for each of ${replicas} replicas, got ${batches.length}`);
    }
    for (const [i, { binding }] of team.entries()) {
      bindFeeds(name, binding, inputs, batches[i]!, used);
      bindParameters(binding, lowered.parameters, parameters);
    }
    const runs = await Promise.allSettled(team.map(({ binding }) => binding.run(signal ? { signal } : {})));
    for (const run of runs) if (run.status === 'rejected') throw run.reason;
    const metrics = Object.fromEntries(
      metricNames.map((key) => [key, team.reduce((total, each) => total + each.metrics.get(key)![0]!, 0) / replicas]),
    ) as Metrics;
    if (!Number.isFinite(metrics.loss))
      throw new Error(`${name}, update ${state.step + 1}: expected a finite loss, got ${metrics.loss}`);
    return metrics;
  };
  /** Updates with the mean of `source` and `others`, whose sum is left in `source`. */
  const update = (
    source: Gradients,
    { others, count, learningRate }: { others: readonly Gradients[]; count: number; learningRate: number },
  ) => {
    const gradientNorm = sumAndNorm(source, others) / count;
    if (!Number.isFinite(gradientNorm)) {
      const culprit = [...source].find(([, data]) => data.some((value) => !Number.isFinite(value)))?.[0];
      throw new Error(`${name}, update ${state.step + 1}: expected finite gradients, got ${gradientNorm} (${culprit})`);
    }
    const limit = optimizer.maxGradientNorm ?? 1;
    const gradientScale = Math.min(1, limit / (gradientNorm + 1e-6)) / count;
    applyAdamW(state, source, optimizer, { learningRate, gradientScale });
    return { gradientNorm };
  };
  const releaseGradients = () => {
    for (const { gradients } of team) gradients.release();
  };
  return {
    state,
    async step(feeds, { learningRate, signal }) {
      const metrics = await evaluate(feeds, signal);
      try {
        const [first, ...others] = team.map(({ gradients }) => gradients.read());
        return { ...metrics, ...update(first!, { others, count: replicas, learningRate }) };
      } finally {
        releaseGradients();
      }
    },
    async accumulate(feeds, { signal } = {}) {
      const metrics = await evaluate(feeds, signal);
      const each = team.map(({ gradients }) => gradients.read());
      accumulated ??= new Map([...each[0]!].map(([key, data]) => [key, new Float32Array(data.length)]));
      // The norm that comes along is needed by no one.
      sumAndNorm(accumulated, each);
      releaseGradients();
      batches += replicas;
      return metrics;
    },
    apply({ learningRate }) {
      if (!accumulated || batches === 0) throw new Error(`${name}: expected accumulate before apply, got no batch`);
      const result = update(accumulated, { others: [], count: batches, learningRate });
      for (const data of accumulated.values()) data.fill(0);
      batches = 0;
      return result;
    },
    dispose() {
      releaseGradients();
      for (const { binding, session } of team) {
        binding.dispose();
        session.dispose();
      }
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
