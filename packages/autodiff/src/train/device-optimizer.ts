/** AdamW on a device: weights, moments and averages are uploaded once and stay in the device's memory. */
import { DEVICES, type DeviceTensor, takeTurn } from '../runtime/index.ts';
import { disposeAll, numbers } from './device-sessions.ts';
import type { DeviceUpdateOptions } from './device-update.ts';
import { gradientInput, type OptimizerScalar, optimizerGraph, scalarsOf } from './optimizer-graph.ts';
import { stateEntries } from './packing.ts';

/** A gradient on the device, or the sum of all ranks' gradients in host memory. */
export type GradientSource = DeviceTensor | { shape: DeviceTensor['shape']; data: Float32Array };

export interface DeviceOptimizer {
  /**
   * Computes the next state and the global gradient norm; `gradients` has one entry for each buffer. `accept` replaces
   * the state and returns the weights by parameter; `reject` frees the next state. The caller holds the device's lock.
   */
  run(
    gradients: ReadonlyMap<string, GradientSource>,
    scalars: Readonly<Record<OptimizerScalar, number>>,
  ): Promise<{ norm: number; accept(): ReadonlyMap<string, DeviceTensor>; reject(): void }>;
  /** Copies the state into the host's arrays. */
  fetch(): Promise<void>;
  dispose(): void;
}

export async function createDeviceOptimizer({
  state,
  packing,
  optimizer,
  device,
  sessions,
}: Pick<
  DeviceUpdateOptions<string>,
  'state' | 'packing' | 'optimizer' | 'device' | 'sessions'
>): Promise<DeviceOptimizer> {
  const graph = optimizerGraph(packing.buffers, optimizer, {
    averages: state.ema !== undefined,
    form: DEVICES[device].form,
  });
  const binding = await sessions.open(graph);
  const scalarsFed = scalarsOf(graph);
  const norm = new Float32Array(1);
  binding.bindOutput('norm', { type: 'float32', shape: [], data: norm });
  const entries = stateEntries(packing, state);
  for (const { group, buffer, shape, key } of entries) {
    const data = packing.pack(buffer, state[group]!);
    binding.bindInput(`input:${key}`, { type: 'float32', shape, data }, { frozen: true });
    binding.bindOutputToDevice(key);
  }
  /** The updated state; empty before the first update, which uses the uploaded state. */
  let current: ReadonlyMap<string, DeviceTensor> = new Map();

  const accept = (next: ReadonlyMap<string, DeviceTensor>) => {
    for (const { key } of entries) binding.bindInput(`input:${key}`, next.get(key)!);
    disposeAll(current);
    current = next;
    const weights = entries.filter(({ group }) => group === 'parameters');
    return packing.parts(new Map(weights.map(({ buffer, key }) => [buffer, next.get(key)!])));
  };
  return {
    async run(gradients, scalars) {
      for (const key of scalarsFed) {
        binding.bindInput(`input:${key}`, { type: 'float32', shape: [], data: Float32Array.of(scalars[key]) });
      }
      for (const [key, gradient] of gradients) {
        const value = 'data' in gradient ? { type: 'float32' as const, ...gradient } : gradient;
        binding.bindInput(`input:${gradientInput(key)}`, value);
      }
      await binding.run();
      const next = binding.deviceOutputs();
      return { norm: norm[0]!, accept: () => accept(next), reject: () => disposeAll(next) };
    },
    fetch: () =>
      takeTurn(device, async () => {
        if (current.size === 0) return;
        for (const { group, buffer, key } of entries) packing.unpack(buffer, numbers(current.get(key)!), state[group]!);
      }),
    dispose: () => disposeAll(current),
  };
}
