/**
 * Buffers on a device for the gradients of a batch, and for the sum of gradients over several batches. On a device with
 * views, the gradients lie in a few large buffers (slabs). Two sets of slabs alternate, so that the next batch does not
 * overwrite the sum.
 */
import { inputName } from '../compile.ts';
import type { Binding, Device } from '../runtime/index.ts';
import type { Tensor } from '../tensor.ts';
import { createAdder, createZeros, type DeviceBuffers } from './device-buffers.ts';
import { type DeviceSessions, disposeAll } from './device-sessions.ts';
import type { Packing } from './packing.ts';

export interface DeviceGradients {
  /**
   * Binds the buffers into which the next run writes its gradients. Neither `prepare` nor `add` may be called while
   * holding the device's lock.
   */
  prepare(): Promise<void>;
  /** Adds the last run's gradients to the sum. */
  add(): Promise<void>;
  /** The sum of the gradients, by buffer; undefined before the first batch. */
  sum(): DeviceBuffers | undefined;
  /** Frees the sum. */
  reset(): void;
  dispose(): void;
}

export function createDeviceGradients({
  binding,
  trained,
  gradientKey,
  packing,
  device,
  sessions,
}: {
  binding: Binding;
  trained: readonly Tensor[];
  gradientKey: (parameter: Tensor) => string;
  packing: Packing;
  device: Device;
  sessions: DeviceSessions;
}): DeviceGradients {
  const target = packing.areViews
    ? writeIntoSlabs(binding, {
        trained,
        gradientKey,
        packing,
        zeros: createZeros({ buffers: packing.buffers, device, sessions }),
      })
    : writeIntoOutputs(binding, { trained, gradientKey });
  const adder = createAdder({ buffers: packing.buffers, device, sessions });
  let total: DeviceBuffers | undefined;
  /** Whether `total` has its own buffers, rather than the buffers of one run's gradients. */
  let isSum = false;
  const reset = () => {
    if (total !== undefined && (isSum || target.areOwn)) disposeAll(total);
    total = undefined;
    isSum = false;
  };
  return {
    prepare: () => target.prepare(isSum ? undefined : total),
    async add() {
      const written = target.written();
      if (total === undefined) {
        total = written;
        return;
      }
      const sum = await adder(total, written);
      if (isSum || target.areOwn) disposeAll(total);
      if (target.areOwn) disposeAll(written);
      total = sum;
      isSum = true;
    },
    sum: () => total,
    reset,
    dispose() {
      reset();
      target.dispose();
    },
  };
}

interface Target {
  /** Binds buffers for the gradients of the next run, which must not write to `kept`. */
  prepare(kept: DeviceBuffers | undefined): Promise<void>;
  written(): DeviceBuffers;
  /** Whether each run allocates new buffers, which the caller of `written` must dispose of. */
  readonly areOwn: boolean;
  dispose(): void;
}

type Gradients = { trained: readonly Tensor[]; gradientKey: (parameter: Tensor) => string };

/** Lets each run allocate new buffers for its gradients. */
function writeIntoOutputs(binding: Binding, { trained, gradientKey }: Gradients): Target {
  for (const tensor of trained) binding.bindOutputToDevice(gradientKey(tensor));
  return {
    areOwn: true,
    prepare: async () => {},
    written() {
      const outputs = binding.deviceOutputs();
      return new Map(trained.map((tensor) => [inputName(tensor), outputs.get(gradientKey(tensor))!]));
    },
    dispose: () => {},
  };
}

function writeIntoSlabs(
  binding: Binding,
  { trained, gradientKey, packing, zeros }: Gradients & { packing: Packing; zeros: () => Promise<DeviceBuffers> },
): Target {
  const sets: DeviceBuffers[] = [];
  let bound: DeviceBuffers | undefined;
  const allocate = async () => {
    // Slabs start as zeros. No run writes the gaps between gradients, and the norm covers the whole slab.
    const made = await zeros();
    sets.push(made);
    return made;
  };
  return {
    areOwn: false,
    async prepare(kept) {
      const chosen = sets.find((set) => set !== kept) ?? (await allocate());
      if (chosen === bound) return;
      const parts = packing.parts(chosen);
      for (const tensor of trained) binding.bindOutput(gradientKey(tensor), parts.get(inputName(tensor))!);
      disposeAll(parts);
      bound = chosen;
    },
    written: () => bound!,
    dispose() {
      for (const set of sets) disposeAll(set);
    },
  };
}
