/** AdamW on a device: weights, moments and averages are uploaded once and stay there. */
import { inputName } from '../compile.ts';
import type { Device } from '../runtime/index.ts';
import { DEVICES, type DeviceTensor, takeTurn } from '../runtime/index.ts';
import type { OptimizerOptions, OptimizerState } from './adamw.ts';
import { type DeviceSessions, disposeAll, numbers } from './device-sessions.ts';
import {
  gradientInput,
  OPTIMIZER_SCALARS,
  type OptimizerScalar,
  optimizerGraph,
  type StateGroup,
  stateKey,
} from './optimizer-graph.ts';
import type { Packing } from './packing.ts';

const GROUPS: readonly StateGroup[] = ['parameters', 'firstMoment', 'secondMoment', 'ema'];

/** A gradient on the device, or the sum of all ranks' gradients in host memory. */
export type GradientSource = DeviceTensor | { shape: DeviceTensor['shape']; data: Float32Array };

export interface DeviceOptimizer {
  /**
   * Computes the next state and the gradient's global norm from gradients by buffer. `accept` replaces the state and
   * returns the weights by parameter; `reject` frees the next state. The caller holds the device's lock.
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
}: {
  state: OptimizerState;
  packing: Packing;
  optimizer: OptimizerOptions;
  device: Device;
  sessions: DeviceSessions;
}): Promise<DeviceOptimizer> {
  const graph = optimizerGraph(packing.buffers, optimizer, {
    averages: state.ema !== undefined,
    form: DEVICES[device].form,
  });
  const binding = await sessions.open(graph);
  // A graph has inputs only for values it uses. Without a moving average, its weight is not an input.
  const scalarsFed = OPTIMIZER_SCALARS.filter((key) => graph.inputs.some((one) => one.name === `input:${key}`));
  const norm = new Float32Array(1);
  binding.bindOutput('norm', { type: 'float32', shape: [], data: norm });
  const entries = GROUPS.filter((group) => state[group] !== undefined).flatMap((group) =>
    packing.buffers.map((tensor) => {
      const buffer = inputName(tensor);
      return { group, buffer, shape: tensor.shape, key: stateKey(group, buffer) };
    }),
  );
  for (const { group, buffer, shape, key } of entries) {
    const data = packing.pack(buffer, state[group]!);
    binding.bindInput(`input:${key}`, { type: 'float32', shape, data }, { frozen: true });
    binding.bindOutputToDevice(key);
  }
  /** The updated state. It is empty until the first update, when the uploaded state is used. */
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
