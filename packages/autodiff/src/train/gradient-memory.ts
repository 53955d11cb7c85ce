/**
 * Whose memory a step's gradients are: arrays kept from step to step, or the runtime's for the time between run and
 * update.
 */
import { inputName } from '../compile.ts';
import type { Binding } from '../runtime/index.ts';
import { elementCount, type Tensor } from '../tensor.ts';

/**
 * Larger gradients get their memory from the runtime for the time of a step, which then uses it for activations as
 * well; smaller ones are written into the same arrays at each step, which is faster.
 */
export const MAX_KEPT_GRADIENT_BYTES = 2 ** 28;

export interface GradientMemory {
  /** The gradients of the last run by parameter; valid until `release`. */
  read(): ReadonlyMap<string, Float32Array>;
  /** Gives back what the runtime lent; the values are gone then. */
  release(): void;
}

/**
 * Binds the gradient outputs of `trained`: to arrays of ours up to `maxKeptBytes` in all, else to the runtime's memory.
 */
export function bindGradients(
  binding: Binding,
  {
    trained,
    keyOf,
    maxKeptBytes,
  }: { trained: readonly Tensor[]; keyOf: (parameter: Tensor) => string; maxKeptBytes: number },
): GradientMemory {
  const bytes = trained.reduce((total, { shape }) => total + elementCount(shape) * Float32Array.BYTES_PER_ELEMENT, 0);
  if (bytes <= maxKeptBytes) {
    const kept = new Map<string, Float32Array>();
    for (const tensor of trained) {
      const data = new Float32Array(elementCount(tensor.shape));
      kept.set(inputName(tensor), data);
      binding.bindOutput(keyOf(tensor), { type: 'float32', shape: tensor.shape, data });
    }
    return { read: () => kept, release: () => {} };
  }
  for (const tensor of trained) binding.bindOutputToDevice(keyOf(tensor));
  let lent: ReturnType<Binding['deviceOutputs']> = new Map();
  const release = () => {
    for (const tensor of lent.values()) tensor.dispose();
    if (lent.size > 0) binding.releaseDeviceOutputs();
    lent = new Map();
  };
  return {
    read() {
      if (lent.size === 0) lent = binding.deviceOutputs();
      return new Map(trained.map((tensor) => [inputName(tensor), lent.get(keyOf(tensor))!.view()]));
    },
    release,
  };
}
