/**
 * The optimizer's arithmetic on host arrays: global-norm clipping, AdamW with decoupled weight decay, EMA. An update
 * makes one fused pass over the arrays of each parameter in WebAssembly SIMD. By measurement this is faster than an
 * ONNX graph of the same update (docs/design/engine.md).
 */
import type { ParameterValues } from '../parameters.ts';
import { BLOCK, type OptimizerScalars, optimizerKernels, type Slot } from '../wasm/optimizer-kernels.ts';

export interface OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Decoupled weight decay (Loshchilov and Hutter 2019), applied to every trained parameter as in PyTorch's AdamW. */
  weightDecay?: number;
  /** Gradients are scaled down to this global L2 norm; Infinity turns clipping off. */
  maxGradientNorm?: number;
  /** Decay of the exponential moving average of the weights; the warm-up uses min(decay, (1 + step) / (10 + step)). */
  emaDecay?: number;
}

/**
 * The state from which the optimizer resumes, without the position in the training data. The state's arrays are updated
 * in place.
 */
export interface OptimizerState {
  /** Updates applied so far. */
  step: number;
  parameters: ParameterValues;
  firstMoment: ParameterValues;
  secondMoment: ParameterValues;
  ema?: ParameterValues;
}

type Gradients = ReadonlyMap<string, Float32Array>;

/**
 * Adds `others` to `gradients`, array by array, and returns the sum's global L2 norm. The norm is finite if and only if
 * all values are finite (unless the norm exceeds float64).
 */
export function sumAndNorm(gradients: Gradients, others: readonly Gradients[] = []): number {
  const kernels = optimizerKernels();
  const { gradient: total, parameter: addend } = kernels.slots;
  let squares = 0;
  for (const [name, gradient] of gradients) {
    const addends = others.map((other) => other.get(name)!);
    for (let start = 0; start < gradient.length; start += BLOCK) {
      const end = Math.min(start + BLOCK, gradient.length);
      const block = gradient.subarray(start, end);
      total.set(block);
      for (const other of addends) {
        addend.set(other.subarray(start, end));
        kernels.add(end - start);
      }
      if (addends.length > 0) block.set(total.subarray(0, end - start));
      squares += kernels.sumOfSquares(end - start);
    }
  }
  return Math.sqrt(squares);
}

/** The scalar factors of update number `step` (from 1); see `OptimizerScalars`. */
export function optimizerScalars(
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 1e-2, emaDecay = 0.999 }: OptimizerOptions,
  { learningRate, step }: { learningRate: number; step: number },
): Omit<OptimizerScalars, 'gradientScale'> {
  return {
    beta1,
    beta2,
    epsilon,
    stepSize: learningRate / (1 - beta1 ** step),
    rootCorrection2: 1 / Math.sqrt(1 - beta2 ** step),
    decay: learningRate * weightDecay,
    averaging: 1 - Math.min(emaDecay, (1 + step) / (10 + step)),
  };
}

/**
 * One AdamW update in place (Loshchilov and Hutter 2019, algorithm 2); `gradientScale` includes the factor of gradient
 * clipping.
 */
export function applyAdamW(
  state: OptimizerState,
  gradients: Gradients,
  options: OptimizerOptions,
  { learningRate, gradientScale }: { learningRate: number; gradientScale: number },
): void {
  state.step += 1;
  const scalars = { ...optimizerScalars(options, { learningRate, step: state.step }), gradientScale };
  const averages = state.ema !== undefined;
  const kernels = optimizerKernels();
  for (const [name, gradient] of gradients) {
    const changed: [Slot, Float32Array][] = [
      ['parameter', state.parameters.get(name)!.data],
      ['firstMoment', state.firstMoment.get(name)!.data],
      ['secondMoment', state.secondMoment.get(name)!.data],
      ...(state.ema ? [['average', state.ema.get(name)!.data] as [Slot, Float32Array]] : []),
    ];
    for (let start = 0; start < gradient.length; start += BLOCK) {
      const end = Math.min(start + BLOCK, gradient.length);
      kernels.slots.gradient.set(gradient.subarray(start, end));
      for (const [slot, data] of changed) kernels.slots[slot].set(data.subarray(start, end));
      kernels.update(end - start, scalars, { averages });
      for (const [slot, data] of changed) data.set(kernels.slots[slot].subarray(0, end - start), start);
    }
  }
}
