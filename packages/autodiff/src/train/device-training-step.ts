/**
 * The training step on a device with separate memory: weights, moments and averages are uploaded once and stay there.
 * An update returns loss, metrics and gradient norm. `training-step.ts` is the step in host memory. Several ranks
 * exchange their gradients through host memory.
 */

import { bindFeeds, checkParameters, inputName } from '../compile.ts';
import { single } from '../distributed/communicator.ts';
import { createExchangedScalars } from '../distributed/sum-gradients.ts';
import { encodeModel } from '../onnx/encode.ts';
import type { ParameterValues } from '../parameters.ts';
import { type Binding, createSession, type DeviceTensor, resolvePrecision, takeTurn } from '../runtime/index.ts';
import type { Tensor } from '../tensor.ts';
import { optimizerScalars } from './adamw.ts';
import { createLossScale } from './loss-scale.ts';
import {
  gradientInput,
  gradientSumGraph,
  OPTIMIZER_SCALARS,
  optimizerGraph,
  type StateGroup,
  stateKey,
} from './optimizer-graph.ts';
import { DISABLED_OPTIMIZERS, LOSS_SCALE, traceTrainingStep } from './trace-training-step.ts';
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

const GROUPS: readonly StateGroup[] = ['parameters', 'firstMoment', 'secondMoment', 'ema'];

/** Replicas take turns here: a device is shared by its queue, not by threads. */
export async function createDeviceTrainingStep<I extends string>(
  options: TrainingStepOptions<I> & { device: NonNullable<TrainingStepOptions<I>['device']> },
): Promise<TrainingStep<I>> {
  const { name, inputs, parameters, device, loss, optimizer = {}, replicas = 1 } = options;
  const { communicator = single, skipsNotFinite = false } = options;
  const precision = await resolvePrecision(device, options.precision);
  const scalesLoss = precision === 'float16';
  const { lowered, traced, trained, gradientKey } = traceTrainingStep({
    name,
    inputs,
    trainable: options.trainable ?? (() => true),
    loss,
    hasFusedMatMul: false,
    precision,
    scalesLoss,
  });
  checkParameters(name, lowered.parameters, parameters);
  const state = initialState(name, options, trained);
  const groups = GROUPS.filter((group) => group !== 'ema' || state.ema !== undefined);
  const scale = createLossScale({ adapts: scalesLoss });

  const sessions: Awaited<ReturnType<typeof createSession>>[] = [];
  const open = async (graph: Parameters<typeof encodeModel>[0], disabledOptimizers: readonly string[] = []) => {
    const session = await createSession(encodeModel(graph), { device, graphOptimization: 'basic', disabledOptimizers });
    sessions.push(session);
    return session.createBinding();
  };
  const differentiating = await open(lowered.graph, DISABLED_OPTIMIZERS);
  const update = optimizerGraph(trained, optimizer, { averages: state.ema !== undefined });
  // A graph has no input for what it does not use: none weighs a moving average that is not kept.
  const scalarsFed = OPTIMIZER_SCALARS.filter((key) => update.inputs.some((one) => one.name === `input:${key}`));
  const updating = await open(update);
  let summing: Binding | undefined;

  const metrics = new Map(Object.keys(traced).map((key) => [key, new Float32Array(1)]));
  for (const [key, data] of metrics) {
    differentiating.bindOutput(`metric:${key}`, { type: 'float32', shape: traced[key]!.shape, data });
  }
  for (const tensor of trained) differentiating.bindOutputToDevice(gradientKey(tensor));
  for (const tensor of lowered.parameters) {
    const { shape, data } = parameters.get(inputName(tensor))!;
    differentiating.bindInput(`parameter:${inputName(tensor)}`, { type: 'float32', shape, data }, { frozen: true });
  }
  const norm = new Float32Array(1);
  updating.bindOutput('norm', { type: 'float32', shape: [], data: norm });
  for (const [group, , value, key] of stateEntries()) {
    updating.bindInput(`input:${key}`, { type: 'float32', shape: value.shape, data: value.data }, { frozen: true });
    updating.bindOutputToDevice(stateKey(group, key.slice(group.length + 1)));
  }
  /** The state as it lies on the device; empty until the first update, when it is what was uploaded. */
  let current = new Map<string, DeviceTensor>();
  let total: Map<string, DeviceTensor> | undefined;
  let batches = 0;
  const exchanged = createExchangedScalars([...metrics.keys()]);
  const used = new Set(lowered.inputs.map(inputName));

  function stateEntries() {
    return groups.flatMap((group) =>
      trained.map((tensor: Tensor) => {
        const parameter = inputName(tensor);
        const values: ParameterValues = state[group]!;
        return [group, parameter, values.get(parameter)!, stateKey(group, parameter)] as const;
      }),
    );
  }

  const addGradients = async (gradients: Map<string, DeviceTensor>) => {
    const byName = new Map(trained.map((tensor) => [inputName(tensor), gradients.get(gradientKey(tensor))!]));
    if (total === undefined) {
      total = byName;
      return;
    }
    summing ??= await open(gradientSumGraph(trained));
    const sum = summing;
    await takeTurn(device, async () => {
      const before = total!;
      for (const [key, tensor] of byName) {
        sum.bindInput(`input:a:${key}`, before.get(key)!);
        sum.bindInput(`input:b:${key}`, tensor);
        sum.bindOutputToDevice(gradientInput(key));
      }
      await sum.run();
      const sums = sum.deviceOutputs();
      disposeAll(before);
      disposeAll(byName);
      total = new Map([...byName.keys()].map((key) => [key, sums.get(gradientInput(key))!]));
    });
  };

  const accumulate = async (feeds: Batches<I>, signal: AbortSignal | undefined): Promise<Metrics> => {
    const measured: ((name: string) => number)[] = [];
    for (const batch of batchList(name, feeds, replicas)) {
      const gradients = await takeTurn(device, async () => {
        bindFeeds(name, differentiating, inputs, batch, used);
        if (scalesLoss) {
          const data = Float32Array.of(scale.value);
          differentiating.bindInput(`input:${LOSS_SCALE}`, { type: 'float32', shape: [], data });
        }
        await differentiating.run(signal ? { signal } : {});
        const values = new Map([...metrics].map(([key, data]) => [key, data[0]!]));
        measured.push((key) => values.get(key)!);
        return differentiating.deviceOutputs();
      });
      await addGradients(gradients);
      batches += 1;
    }
    return exchanged.add(measured);
  };

  /** The gradients to update with: those on the device, or their sum over all ranks in host memory. */
  const sumOverRanks = async (gradients: ReadonlyMap<string, DeviceTensor>, scalars: Float64Array) => {
    const onHost = new Map([...gradients].map(([key, tensor]) => [key, numbers(tensor)]));
    await communicator.sum([...onHost.values()], scalars);
    return onHost;
  };

  const apply = (learningRate: number, stop: boolean): Promise<Metrics & UpdateResult> =>
    takeTurn(device, async () => {
      if (total === undefined) throw new Error(`${name}: expected accumulate before apply, got no batch`);
      const exchange = exchanged.write(stop);
      const sums = communicator.size > 1 ? await sumOverRanks(total, exchange) : undefined;
      const { metrics: means, loss } = exchanged.read(exchange, communicator.size);
      const scalars = {
        ...optimizerScalars(optimizer, { learningRate, step: state.step + 1 }),
        gradientScale: 1 / (batches * communicator.size * scale.value),
      };
      for (const key of scalarsFed) {
        updating.bindInput(`input:${key}`, { type: 'float32', shape: [], data: Float32Array.of(scalars[key]) });
      }
      for (const [key, tensor] of total) {
        const data = sums?.get(key);
        const value = data ? { type: 'float32' as const, shape: tensor.shape, data } : tensor;
        updating.bindInput(`input:${gradientInput(key)}`, value);
      }
      await updating.run();
      const next = updating.deviceOutputs();
      disposeAll(total);
      total = undefined;
      batches = 0;
      let result: UpdateResult | undefined;
      try {
        result = updateResult(name, { state, scale, gradientNorm: norm[0]!, loss, skipsNotFinite });
      } finally {
        // The weights before the update are still bound: to forget the new ones is to skip it.
        if (result?.skipped !== 0) disposeAll(next);
      }
      if (result.skipped === 1) return { ...means, ...result };
      state.step += 1;
      for (const [group, parameter, , key] of stateEntries()) {
        const tensor = next.get(key)!;
        updating.bindInput(`input:${key}`, tensor);
        if (group === 'parameters') differentiating.bindInput(`parameter:${parameter}`, tensor);
      }
      disposeAll(current);
      current = next;
      return { ...means, ...result };
    });

  return {
    state,
    async step(feeds, { learningRate, signal, stop = false }) {
      await accumulate(feeds, signal);
      return apply(learningRate, stop);
    },
    accumulate: (feeds, { signal } = {}) => accumulate(feeds, signal),
    apply: ({ learningRate, stop = false }) => apply(learningRate, stop),
    isStopAsked: () => exchanged.isStopAsked(),
    fetchState: () =>
      takeTurn(device, async () => {
        if (current.size > 0) for (const [, , value, key] of stateEntries()) value.data.set(numbers(current.get(key)!));
        return state;
      }),
    lossScale: () => scale.value,
    bytesMoved() {
      const parts = [differentiating, updating, ...(summing ? [summing] : [])].map(({ bytesMoved }) => bytesMoved);
      const total = (direction: 'toDevice' | 'toHost') => parts.reduce((sum, part) => sum + part[direction], 0);
      return { toDevice: total('toDevice'), toHost: total('toHost') };
    },
    dispose() {
      disposeAll(current);
      disposeAll(total ?? new Map());
      for (const session of sessions) session.dispose();
    },
  };
}

function numbers(tensor: DeviceTensor): Float32Array {
  return tensor.read().data as Float32Array;
}

function disposeAll(tensors: ReadonlyMap<string, DeviceTensor>): void {
  for (const tensor of tensors.values()) tensor.dispose();
}
