/**
 * Updates on a device with buffers at fixed addresses, so that the device can capture the update's graphs and replay
 * them. Two sets of state buffers alternate: each update reads one set and writes the other. The first run of a
 * captured graph executes the graph more than once, so no graph writes a buffer that it reads. Batch and scalars are
 * copied into their buffers before a run; loss, metrics and norm are read after the run. All graphs are captured before
 * training starts.
 */
import { checkFeeds, inputName } from '../compile.ts';
import { type Binding, DEVICES, type DeviceTensor, takeTurn } from '../runtime/index.ts';
import { input, type Tensor } from '../tensor.ts';
import { createAdder, createZeros, type DeviceBuffers } from './device-buffers.ts';
import { disposeAll, numbers } from './device-sessions.ts';
import type { DeviceUpdate, DeviceUpdateOptions } from './device-update.ts';
import { gradientInput, optimizerGraph, scalarsOf } from './optimizer-graph.ts';
import { stateEntries } from './packing.ts';
import { DISABLED_OPTIMIZERS, LOSS_SCALE } from './trace-training-step.ts';

/** Rejects when the device refuses to capture a graph. The caller then disposes of the sessions. */
export async function createCapturedUpdate<I extends string>(
  options: DeviceUpdateOptions<I>,
): Promise<DeviceUpdate<I>> {
  const owned: DeviceBuffers[] = [];
  try {
    return await createOwning(options, owned);
  } catch (error) {
    for (const set of owned) disposeAll(set);
    throw error;
  }
}

async function createOwning<I extends string>(
  options: DeviceUpdateOptions<I>,
  owned: DeviceBuffers[],
): Promise<DeviceUpdate<I>> {
  const { name, inputs, device, packing, state, lossScale } = options;
  const buffers = await allocateBuffers(options, owned);
  const { states, gradients, feeds, results, scalars } = buffers;
  const bindings = await bindGraphs(options, buffers);
  await takeTurn(device, async () => {
    for (const binding of [...bindings.steps, ...bindings.optimizers]) await binding.run();
    upload(options, buffers);
  });
  const adder = createAdder({ ...options, buffers: packing.buffers });
  const copies = createZeros({ ...options, buffers: packing.buffers });
  const moved = { toDevice: 0, toHost: 0 };
  /** Which of the two buffer sets has the current state: 0 or 1. */
  let current: 0 | 1 = 0;
  let total: DeviceBuffers | undefined;
  let batches = 0;

  const write = (tensor: DeviceTensor, data: Float32Array | BigInt64Array) => {
    tensor.write(data);
    moved.toDevice += data.byteLength;
  };
  const read = (tensor: DeviceTensor) => {
    const data = numbers(tensor);
    moved.toHost += data.byteLength;
    return data[0]!;
  };
  const reset = () => {
    if (total !== undefined && total !== gradients) disposeAll(total);
    total = undefined;
    batches = 0;
  };
  /** Copies the gradients before the next run overwrites their buffers. */
  const keepTotal = async () => {
    if (total !== gradients) return;
    const kept = await copies();
    await takeTurn(device, async () => copyAll(gradients, kept));
    total = kept;
  };

  return {
    async add(batch, { signal }) {
      await keepTotal();
      const metrics = await takeTurn(device, async () => {
        for (const { key, data } of checkFeeds(name, inputs, batch)) {
          const tensor = feeds.get(key);
          if (tensor) write(tensor, data);
        }
        if (lossScale) write(feeds.get(LOSS_SCALE)!, Float32Array.of(lossScale()));
        await bindings.steps[current]!.run(signal ? { signal } : {});
        return new Map([...results].map(([key, tensor]) => [key, read(tensor)]));
      });
      if (total === undefined) total = gradients;
      else {
        const sum = await adder(total, gradients);
        disposeAll(total);
        total = sum;
      }
      batches += 1;
      return (key) => metrics.get(key)!;
    },
    sum: () => total && { gradients: total, batches },
    reset,
    async next(sources, values) {
      for (const [key, source] of sources) {
        const target = gradients.get(key)!;
        if ('data' in source) write(target, source.data);
        else if (source !== target) target.copyFrom(source);
      }
      for (const [key, tensor] of scalars) write(tensor, Float32Array.of(values[key]));
      await bindings.optimizers[current]!.run();
      const written = current === 0 ? 1 : 0;
      return {
        norm: read(buffers.norm),
        accept() {
          current = written;
        },
        reject() {},
      };
    },
    fetch: () =>
      takeTurn(device, async () => {
        for (const { group, buffer, key } of stateEntries(packing, state)) {
          packing.unpack(buffer, numbers(states[current]!.get(key)!), state[group]!);
        }
      }),
    bytesMoved: () => ({ ...moved }),
    dispose() {
      reset();
      for (const set of owned) disposeAll(set);
    },
  };
}

type Buffers = Awaited<ReturnType<typeof allocateBuffers>>;

async function allocateBuffers<I extends string>(options: DeviceUpdateOptions<I>, owned: DeviceBuffers[]) {
  const { packing, state, step, optimizer, device } = options;
  const { lowered, traced, trained } = step;
  const allocate = async (tensors: readonly Tensor[]) => {
    const made = await createZeros({ ...options, buffers: tensors })();
    owned.push(made);
    return made;
  };
  const stateBuffers = stateEntries(packing, state).map(({ key, shape }) => input(key, shape));
  const graph = optimizerGraph(packing.buffers, optimizer, {
    averages: state.ema !== undefined,
    form: DEVICES[device].form,
  });
  const updated = new Set(trained.map(inputName));
  const scalarNames = scalarsOf(graph);
  const small = await allocate([...scalarNames.map((key) => input(key, [])), input('norm', [])]);
  return {
    graph,
    states: [await allocate(stateBuffers), await allocate(stateBuffers)],
    gradients: await allocate(packing.buffers),
    /** Buffers for the inputs of a batch and for the loss scale, by name. */
    feeds: await allocate(lowered.inputs),
    /** Metrics by name. */
    results: await allocate(Object.entries<Tensor>(traced).map(([key, { shape }]) => input(key, shape))),
    /** Buffers for the parameters that are not trained. */
    frozen: await allocate(lowered.parameters.filter((tensor) => !updated.has(inputName(tensor)))),
    scalars: new Map(scalarNames.map((key) => [key, small.get(key)!])),
    norm: small.get('norm')!,
  };
}

/** Makes two bindings of each graph: one for updates from set 0 to set 1, one for updates from set 1 to set 0. */
async function bindGraphs<I extends string>(
  { sessions, packing, state, step }: DeviceUpdateOptions<I>,
  { graph, states, gradients, feeds, results, frozen, scalars, norm }: Buffers,
): Promise<{ steps: readonly Binding[]; optimizers: readonly Binding[] }> {
  const { lowered, trained, gradientKey } = step;
  const steps = await sessions.openForCapture(lowered.graph, { count: 2, disabledOptimizers: DISABLED_OPTIMIZERS });
  const optimizers = await sessions.openForCapture(graph, { count: 2 });
  const entries = stateEntries(packing, state);
  const slopes = packing.parts(gradients);
  for (const [set, binding] of steps.entries()) {
    const weights = packing.parts(
      new Map(
        entries
          .filter(({ group }) => group === 'parameters')
          .map(({ buffer, key }) => [buffer, states[set]!.get(key)!]),
      ),
    );
    for (const [key, tensor] of [...weights, ...frozen]) binding.bindInput(`parameter:${key}`, tensor);
    if (packing.areViews) disposeAll(weights);
    for (const [key, tensor] of feeds) binding.bindInput(`input:${key}`, tensor);
    for (const [key, tensor] of results) binding.bindOutput(`metric:${key}`, tensor);
    for (const tensor of trained) binding.bindOutput(gradientKey(tensor), slopes.get(inputName(tensor))!);
  }
  if (packing.areViews) disposeAll(slopes);
  for (const [set, binding] of optimizers.entries()) {
    for (const { key } of entries) {
      binding.bindInput(`input:${key}`, states[set]!.get(key)!);
      binding.bindOutput(key, states[1 - set]!.get(key)!);
    }
    for (const [key, tensor] of gradients) binding.bindInput(`input:${gradientInput(key)}`, tensor);
    for (const [key, tensor] of scalars) binding.bindInput(`input:${key}`, tensor);
    binding.bindOutput('norm', norm);
  }
  return { steps, optimizers };
}

/** Writes the initial state into buffer set 0, and the untrained parameters into their buffers. */
function upload<I extends string>(
  { packing, state, parameters }: DeviceUpdateOptions<I>,
  { states, frozen }: Buffers,
): void {
  for (const { group, buffer, key } of stateEntries(packing, state)) {
    states[0]!.get(key)!.write(packing.pack(buffer, state[group]!));
  }
  for (const [key, tensor] of frozen) tensor.write(parameters.get(key)!.data);
}

function copyAll(from: DeviceBuffers, to: DeviceBuffers): void {
  for (const [key, tensor] of from) to.get(key)!.copyFrom(tensor);
}
