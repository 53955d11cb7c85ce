/**
 * Memory for the gradients of a training step: permanent arrays, or memory borrowed from the runtime until the update.
 */
import { inputName } from '../compile.ts';
import type { Binding } from '../runtime/index.ts';
import { elementCount, type Tensor } from '../tensor.ts';

/**
 * Gradients above this total size are written to memory borrowed from the runtime, which otherwise uses this memory for
 * activations. Smaller gradients are written to the same arrays at each step, which is faster.
 */
export const MAX_KEPT_GRADIENT_BYTES = 2 ** 28;

export interface GradientMemory {
  /** The gradients of the last run by parameter; valid until `release`. */
  read(): ReadonlyMap<string, Float32Array>;
  /** Returns borrowed memory to the runtime; its values are then invalid. */
  release(): void;
}

/**
 * Binds the gradient outputs of `trained` to permanent arrays if they total at most `maxKeptBytes`, else to the
 * runtime's memory.
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
