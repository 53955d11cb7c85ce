/**
 * The training step on a device with separate memory: weights, moments and averages are uploaded once and stay in the
 * device's memory. An update returns loss, metrics and gradient norm to the host. `training-step.ts` has the training
 * step for host memory. Several ranks exchange their gradients through host memory.
 */
import { checkParameters } from '../compile.ts';
import { single } from '../distributed/communicator.ts';
import { createExchangedScalars } from '../distributed/sum-gradients.ts';
import { DEVICES, type DeviceTensor, resolvePrecision, takeTurn } from '../runtime/index.ts';
import { optimizerScalars } from './adamw.ts';
import { createCapturedUpdate } from './captured-update.ts';
import type { GradientSource } from './device-optimizer.ts';
import { createDeviceSessions, numbers } from './device-sessions.ts';
import type { DeviceUpdate, DeviceUpdateOptions } from './device-update.ts';
import { createEagerUpdate } from './eager-update.ts';
import { createLossScale } from './loss-scale.ts';
import { separateBuffers, slabs } from './packing.ts';
import { traceTrainingStep } from './trace-training-step.ts';
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

/** Creates the step. Replicas run one after another, because a device has one command queue. */
export async function createDeviceTrainingStep<I extends string>(
  options: TrainingStepOptions<I> & { device: NonNullable<TrainingStepOptions<I>['device']> },
): Promise<TrainingStep<I>> {
  const { name, inputs, parameters, device, loss, optimizer = {}, replicas = 1 } = options;
  const { communicator = single, skipsNotFinite = false, trainable = () => true } = options;
  const precision = await resolvePrecision(device, options.precision);
  const scalesLoss = precision === 'float16';
  const step = traceTrainingStep({ name, inputs, trainable, loss, form: DEVICES[device].form, precision, scalesLoss });
  const { lowered, trained, traced } = step;
  checkParameters(name, lowered.parameters, parameters);
  const state = initialState(name, options, trained);
  const scale = createLossScale({ adapts: scalesLoss });
  const lossScale = scalesLoss ? () => scale.value : undefined;
  const packing = DEVICES[device].hasViews ? slabs(trained) : separateBuffers(trained);
  const updating = await createUpdate(
    { name, inputs, parameters, device, step, packing, lossScale, state, optimizer },
    options,
  );
  const exchanged = createExchangedScalars(Object.keys(traced));

  const accumulate = async (feeds: Batches<I>, signal: AbortSignal | undefined): Promise<Metrics> => {
    const measured: ((name: string) => number)[] = [];
    for (const batch of batchList(name, feeds, replicas)) measured.push(await updating.add(batch, { signal }));
    return exchanged.add(measured);
  };

  /** Returns the gradients for the update: the device's own, or the sum over all ranks in host memory. */
  const sumOverRanks = async (gradients: ReadonlyMap<string, DeviceTensor>, scalars: Float64Array) => {
    if (communicator.size === 1) return gradients;
    const onHost = new Map([...gradients].map(([key, tensor]) => [key, numbers(tensor)]));
    await communicator.sum([...onHost.values()], scalars);
    return new Map<string, GradientSource>(
      [...onHost].map(([key, data]) => [key, { shape: gradients.get(key)!.shape, data }]),
    );
  };

  const apply = (learningRate: number, stop: boolean): Promise<Metrics & UpdateResult> =>
    takeTurn(device, async () => {
      const sum = updating.sum();
      if (sum === undefined) throw new Error(`${name}: expected accumulate before apply, got no batch`);
      const exchange = exchanged.write(stop);
      const gradients = await sumOverRanks(sum.gradients, exchange);
      const { metrics, loss } = exchanged.read(exchange, communicator.size);
      const next = await updating.next(gradients, {
        ...optimizerScalars(optimizer, { learningRate, step: state.step + 1 }),
        gradientScale: 1 / (sum.batches * communicator.size * scale.value),
      });
      updating.reset();
      let result: UpdateResult | undefined;
      try {
        result = updateResult(name, { state, scale, gradientNorm: next.norm, loss, skipsNotFinite });
      } finally {
        if (result?.skipped !== 0) next.reject();
      }
      if (result.skipped === 1) return { ...metrics, ...result };
      state.step += 1;
      next.accept();
      return { ...metrics, ...result };
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
    async fetchState() {
      await updating.fetch();
      return state;
    },
    lossScale: () => scale.value,
    bytesMoved: updating.bytesMoved,
    dispose: updating.dispose,
  };
}

/**
 * Creates the update with graph capture if the options ask for it and the device supports it; otherwise the eager
 * update.
 */
async function createUpdate<I extends string>(
  update: Omit<DeviceUpdateOptions<I>, 'sessions'>,
  { captureGraph = false, onCaptureRefused }: Pick<TrainingStepOptions<I>, 'captureGraph' | 'onCaptureRefused'>,
): Promise<DeviceUpdate<I>> {
  if (captureGraph) {
    try {
      return await createWithSessions(update, createCapturedUpdate);
    } catch (error) {
      const { device } = update;
      const reason = error instanceof Error ? error.message.replace(/^ONNX Runtime: /, '') : String(error);
      onCaptureRefused?.(`${device} runs updates node by node, because it captures no graph of them: ${reason}`);
    }
  }
  return createWithSessions(update, createEagerUpdate);
}

async function createWithSessions<I extends string>(
  update: Omit<DeviceUpdateOptions<I>, 'sessions'>,
  create: (options: DeviceUpdateOptions<I>) => Promise<DeviceUpdate<I>>,
): Promise<DeviceUpdate<I>> {
  const sessions = createDeviceSessions(update.device);
  try {
    const made = await create({ ...update, sessions });
    return {
      ...made,
      dispose() {
        made.dispose();
        sessions.dispose();
      },
    };
  } catch (error) {
    sessions.dispose();
    throw error;
  }
}
