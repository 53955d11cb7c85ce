/**
 * A training step: one ONNX graph for loss and gradients, then the update on the host arrays that the graph reads.
 * Weights exist once: each session binds the caller's arrays and the optimizer writes into them between runs.
 */
import { availableParallelism } from 'node:os';
import { bindFeeds, bindParameters, checkParameters, inputName } from '../compile.ts';
import { type Communicator, single } from '../distributed/communicator.ts';
import {
  addGradients,
  createExchangedScalars,
  type ExchangedScalars,
  type Gradients,
  sumParts,
} from '../distributed/sum-gradients.ts';
import { encodeModel } from '../onnx/encode.ts';
import { type Binding, DEVICES, hasOwnMemory, resolvePrecision } from '../runtime/index.ts';
import { applyAdamW, type OptimizerOptions, type OptimizerState, sumAndNorm } from './adamw.ts';
import { createDeviceTrainingStep } from './device-training-step.ts';
import { createLossScale, type LossScale } from './loss-scale.ts';
import { createReplicas, runReplicas } from './replicas.ts';
import { LOSS_SCALE, traceTrainingStep } from './trace-training-step.ts';
import {
  type Batches,
  batchList,
  initialState,
  type Metrics,
  type TrainingStep,
  type TrainingStepOptions,
  type UpdateResult,
  updateResult,
} from './training-contract.ts';

/**
 * Builds and compiles a step. `parameters` are updated in place; `state` continues an earlier run. The replicas process
 * separate batches in parallel and divide the threads among themselves. An update uses the mean of all replicas'
 * gradients. Replicas speed up small networks, because two threads parallelise one operator badly but two batches well.
 */
export async function createTrainingStep<I extends string>(options: TrainingStepOptions<I>): Promise<TrainingStep<I>> {
  const { name, inputs, parameters, loss, optimizer = {}, device = 'cpu', replicas = 1 } = options;
  // By default each session would use one thread for each core. Two such sessions on two cores take 1.6 times as long
  // as with one thread each.
  const { threads = replicas > 1 ? availableParallelism() : undefined } = options;
  const { trainable = () => true, skipsNotFinite = false, communicator = single } = options;
  if (hasOwnMemory(device)) return createDeviceTrainingStep({ ...options, device });
  const precision = await resolvePrecision(device, options.precision);
  const scale = createLossScale({ adapts: precision === 'float16' });
  const { lowered, traced, trained, gradientKey } = traceTrainingStep({
    name,
    inputs,
    trainable,
    loss,
    form: DEVICES[device].form,
    precision,
    scalesLoss: precision === 'float16',
  });
  const metricNames = Object.keys(traced);
  checkParameters(name, lowered.parameters, parameters);

  const model = encodeModel(lowered.graph);
  const team = await createReplicas(model, {
    count: replicas,
    device,
    threads,
    trained,
    keyOf: gradientKey,
    metrics: traced,
  });
  const used = new Set(lowered.inputs.map(inputName));
  const state = initialState(name, options, trained);
  const sums = createGradientSums();
  const exchanged = createExchangedScalars(metricNames);

  /** Binds one batch to each replica and runs all replicas. Returns the means of the metrics over the replicas. */
  const evaluate = async (feeds: Batches<I>, signal: AbortSignal | undefined): Promise<Metrics> => {
    const batches = batchList(name, feeds, replicas);
    for (const [i, { binding }] of team.entries()) {
      bindFeeds(name, binding, inputs, batches[i]!, used);
      bindParameters(binding, lowered.parameters, parameters);
      if (precision === 'float16') bindLossScale(binding, scale);
    }
    await runReplicas(team, signal);
    return exchanged.add(team.map(({ metricOf }) => metricOf));
  };
  const update = createUpdate({ name, state, scale, exchanged, communicator, optimizer, skipsNotFinite });
  const releaseGradients = () => {
    for (const { gradients } of team) gradients.release();
  };
  return {
    state,
    async step(feeds, { learningRate, signal, stop = false }) {
      await evaluate(feeds, signal);
      try {
        const parts = team.map(({ gradients }) => gradients.read());
        return await update(parts, { count: replicas, learningRate, stop });
      } finally {
        releaseGradients();
      }
    },
    async accumulate(feeds, { signal } = {}) {
      const metrics = await evaluate(feeds, signal);
      sums.add(team.map(({ gradients }) => gradients.read()));
      releaseGradients();
      return metrics;
    },
    async apply({ learningRate, stop = false }) {
      const { parts, count } = sums.read();
      if (count === 0) throw new Error(`${name}: expected accumulate before apply, got no batch`);
      try {
        return await update(parts, { count, learningRate, stop });
      } finally {
        sums.clear();
      }
    },
    fetchState: async () => state,
    isStopAsked: () => exchanged.isStopAsked(),
    lossScale: () => scale.value,
    bytesMoved: () => ({ toDevice: 0, toHost: 0 }),
    dispose() {
      releaseGradients();
      for (const replica of team) replica.dispose();
    },
  };
}

function bindLossScale(binding: Binding, scale: LossScale): void {
  const data = Float32Array.of(scale.value);
  binding.bindInput(`input:${LOSS_SCALE}`, { type: 'float32', shape: [], data });
}

/**
 * Sums of the gradients of several batches. Each replica has a separate sum, so that the order of additions does not
 * depend on the distribution of replicas over ranks.
 */
function createGradientSums() {
  let parts: readonly Gradients[] = [];
  let count = 0;
  return {
    /** Adds the gradients of one batch from each replica. */
    add(gradients: readonly Gradients[]): void {
      if (parts.length === 0) parts = gradients.map(zerosLike);
      for (const [i, part] of gradients.entries()) addGradients(parts[i]!, part);
      count += gradients.length;
    },
    /** The gradient sum of each replica, and the total number of batches in these sums. */
    read: () => ({ parts, count }),
    clear(): void {
      for (const part of parts) for (const data of part.values()) data.fill(0);
      count = 0;
    },
  };
}

function zerosLike(gradients: Gradients): Gradients {
  return new Map([...gradients].map(([key, data]) => [key, new Float32Array(data.length)]));
}

/**
 * Updates the weights with the mean gradient over all parts and ranks; the sum overwrites the first part. Returns the
 * means of the metrics as well.
 */
function createUpdate({
  name,
  state,
  scale,
  exchanged,
  communicator,
  optimizer,
  skipsNotFinite,
}: {
  name: string;
  state: OptimizerState;
  scale: LossScale;
  exchanged: ExchangedScalars;
  communicator: Communicator;
  optimizer: OptimizerOptions;
  skipsNotFinite: boolean;
}) {
  return async (
    parts: readonly Gradients[],
    { count, learningRate, stop }: { count: number; learningRate: number; stop: boolean },
  ): Promise<Metrics & UpdateResult> => {
    const source = parts[0]!;
    const { rest, metrics, loss } = await sumParts(parts, { communicator, exchanged, stop });
    const scaled = count * communicator.size * scale.value;
    const gradientNorm = sumAndNorm(source, rest) / scaled;
    const culprit = () => [...source].find(([, data]) => data.some((value) => !Number.isFinite(value)))?.[0];
    const result = updateResult(name, { state, scale, gradientNorm, loss, skipsNotFinite, culprit });
    if (result.skipped === 1) return { ...metrics, ...result };
    const limit = optimizer.maxGradientNorm ?? 1;
    const gradientScale = Math.min(1, limit / (gradientNorm + 1e-6)) / scaled;
    applyAdamW(state, source, optimizer, { learningRate, gradientScale });
    return { ...metrics, ...result };
  };
}
