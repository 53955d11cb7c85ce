/** Loss, metrics and gradients of one batch at a time on a device. Gradients stay there; a device holds their sum. */
import { bindFeeds, type Feed, type InputSpec, inputName } from '../compile.ts';
import type { ParameterValues } from '../parameters.ts';
import { type Binding, type Device, type DeviceTensor, takeTurn } from '../runtime/index.ts';
import { type DeviceSessions, disposeAll } from './device-sessions.ts';
import { gradientInput, gradientSumGraph } from './optimizer-graph.ts';
import { DISABLED_OPTIMIZERS, LOSS_SCALE, type TracedTrainingStep } from './trace-training-step.ts';

export interface DeviceDifferentiation<I extends string> {
  readonly metricNames: readonly string[];
  /** Adds a batch's gradients to the sum; returns the batch's metrics by name. */
  add(batch: Record<I, Feed>, options: { signal: AbortSignal | undefined }): Promise<(name: string) => number>;
  /** The sum so far and its number of batches, by parameter name; undefined before the first batch. */
  sum(): { gradients: ReadonlyMap<string, DeviceTensor>; batches: number } | undefined;
  /** Frees the sum. */
  reset(): void;
  /** Reads a parameter from this tensor from now on. */
  setParameter(name: string, tensor: DeviceTensor): void;
}

export async function createDeviceDifferentiation<I extends string>({
  name,
  inputs,
  parameters,
  device,
  sessions,
  step: { lowered, traced, trained, gradientKey },
  lossScale,
}: {
  name: string;
  inputs: Record<I, InputSpec>;
  parameters: ParameterValues;
  device: Device;
  sessions: DeviceSessions;
  step: TracedTrainingStep;
  /** Undefined where the graph has no input for it. */
  lossScale: (() => number) | undefined;
}): Promise<DeviceDifferentiation<I>> {
  const binding = await sessions.open(lowered.graph, DISABLED_OPTIMIZERS);
  const metrics = new Map(Object.keys(traced).map((key) => [key, new Float32Array(1)]));
  for (const [key, data] of metrics) {
    binding.bindOutput(`metric:${key}`, { type: 'float32', shape: traced[key]!.shape, data });
  }
  for (const tensor of trained) binding.bindOutputToDevice(gradientKey(tensor));
  for (const tensor of lowered.parameters) {
    const { shape, data } = parameters.get(inputName(tensor))!;
    binding.bindInput(`parameter:${inputName(tensor)}`, { type: 'float32', shape, data }, { frozen: true });
  }
  const used = new Set(lowered.inputs.map(inputName));
  const adder = createAdder(device, () => sessions.open(gradientSumGraph(trained)));
  let total: ReadonlyMap<string, DeviceTensor> | undefined;
  let batches = 0;

  const differentiate = (batch: Record<I, Feed>, signal: AbortSignal | undefined) =>
    takeTurn(device, async () => {
      bindFeeds(name, binding, inputs, batch, used);
      if (lossScale) {
        const data = Float32Array.of(lossScale());
        binding.bindInput(`input:${LOSS_SCALE}`, { type: 'float32', shape: [], data });
      }
      await binding.run(signal ? { signal } : {});
      const outputs = binding.deviceOutputs();
      const gradients = new Map(trained.map((tensor) => [inputName(tensor), outputs.get(gradientKey(tensor))!]));
      return { gradients, values: new Map([...metrics].map(([key, data]) => [key, data[0]!])) };
    });

  return {
    metricNames: [...metrics.keys()],
    async add(batch, { signal }) {
      const { gradients, values } = await differentiate(batch, signal);
      total = total === undefined ? gradients : await adder(total, gradients);
      batches += 1;
      return (key) => values.get(key)!;
    },
    sum: () => total && { gradients: total, batches },
    reset() {
      disposeAll(total ?? new Map());
      total = undefined;
      batches = 0;
    },
    setParameter: (key, tensor) => binding.bindInput(`parameter:${key}`, tensor),
  };
}

/** Adds two sets of gradients on the device and frees both; compiles the graph at the first call. */
function createAdder(device: Device, open: () => Promise<Binding>) {
  let opened: Binding | undefined;
  return async (a: ReadonlyMap<string, DeviceTensor>, b: ReadonlyMap<string, DeviceTensor>) => {
    opened ??= await open();
    const binding = opened;
    return takeTurn(device, async () => {
      for (const [key, tensor] of b) {
        binding.bindInput(`input:a:${key}`, a.get(key)!);
        binding.bindInput(`input:b:${key}`, tensor);
        binding.bindOutputToDevice(gradientInput(key));
      }
      await binding.run();
      const sums = binding.deviceOutputs();
      disposeAll(a);
      disposeAll(b);
      return new Map([...b.keys()].map((key) => [key, sums.get(gradientInput(key))!]));
    });
  };
}
