/**
 * Computes loss, metrics and gradients of one batch at a time on a device. The device keeps the gradients and their
 * sum.
 */
import { bindFeeds, type Feed, inputName } from '../compile.ts';
import { type DeviceTensor, takeTurn } from '../runtime/index.ts';
import { createDeviceGradients } from './device-gradients.ts';
import type { DeviceUpdateOptions } from './device-update.ts';
import { DISABLED_OPTIMIZERS, LOSS_SCALE } from './trace-training-step.ts';

export interface DeviceDifferentiation<I extends string> {
  /** Adds a batch's gradients to the sum; returns a function from a metric's name to the batch's value. */
  add(batch: Record<I, Feed>, options: { signal: AbortSignal | undefined }): Promise<(name: string) => number>;
  /**
   * The sum of the gradients so far, by buffer, and the number of batches in the sum. Undefined before the first batch.
   */
  sum(): { gradients: ReadonlyMap<string, DeviceTensor>; batches: number } | undefined;
  /** Frees the sum. */
  reset(): void;
  dispose(): void;
  /** Uses `tensor` as the parameter `name` in all later batches. */
  setParameter(name: string, tensor: DeviceTensor): void;
}

export async function createDeviceDifferentiation<I extends string>({
  name,
  inputs,
  parameters,
  device,
  sessions,
  packing,
  step: { lowered, traced, trained, gradientKey },
  lossScale,
}: Omit<DeviceUpdateOptions<I>, 'state' | 'optimizer'>): Promise<DeviceDifferentiation<I>> {
  const binding = await sessions.open(lowered.graph, DISABLED_OPTIMIZERS);
  const metrics = new Map(Object.keys(traced).map((key) => [key, new Float32Array(1)]));
  for (const [key, data] of metrics) {
    binding.bindOutput(`metric:${key}`, { type: 'float32', shape: traced[key]!.shape, data });
  }
  const gradients = createDeviceGradients({ binding, trained, gradientKey, packing, device, sessions });
  for (const tensor of lowered.parameters) {
    const { shape, data } = parameters.get(inputName(tensor))!;
    binding.bindInput(`parameter:${inputName(tensor)}`, { type: 'float32', shape, data }, { frozen: true });
  }
  const used = new Set(lowered.inputs.map(inputName));
  let batches = 0;

  const differentiate = (batch: Record<I, Feed>, signal: AbortSignal | undefined) =>
    takeTurn(device, async () => {
      bindFeeds(name, binding, inputs, batch, used);
      if (lossScale) {
        const data = Float32Array.of(lossScale());
        binding.bindInput(`input:${LOSS_SCALE}`, { type: 'float32', shape: [], data });
      }
      await binding.run(signal ? { signal } : {});
      return new Map([...metrics].map(([key, data]) => [key, data[0]!]));
    });

  return {
    async add(batch, { signal }) {
      await gradients.prepare();
      const values = await differentiate(batch, signal);
      await gradients.add();
      batches += 1;
      return (key) => values.get(key)!;
    },
    sum() {
      const total = gradients.sum();
      return total && { gradients: total, batches };
    },
    reset() {
      gradients.reset();
      batches = 0;
    },
    dispose: gradients.dispose,
    setParameter: (key, tensor) => binding.bindInput(`parameter:${key}`, tensor),
  };
}
