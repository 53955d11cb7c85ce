/**
 * The optimizer's arithmetic on host arrays: global-norm clipping, AdamW with decoupled weight decay, EMA.
 * One fused pass over memory a parameter: measured faster than the same update as an ONNX graph
 * (docs/architecture.md). It knows nothing of graphs.
 */
import type { ParameterValues } from './parameters.ts';

export interface OptimizerOptions {
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Decoupled (Loshchilov and Hutter 2019); applied to every trained parameter, as torch's AdamW does. */
  weightDecay?: number;
  /** Gradients are scaled down to this global L2 norm; Infinity turns clipping off. */
  maxGradientNorm?: number;
  /** Exponential moving average of the weights, warmed up as min(decay, (1 + step) / (10 + step)). */
  emaDecay?: number;
}

/** Everything an interrupted training needs besides its data position; the arrays are live. */
export interface OptimizerState {
  /** Updates applied so far. */
  step: number;
  parameters: ParameterValues;
  firstMoment: ParameterValues;
  secondMoment: ParameterValues;
  ema?: ParameterValues;
}

/** sqrt of the sum of squares over all arrays. */
export function globalNorm(gradients: Iterable<Float32Array>): number {
  let total = 0;
  for (const gradient of gradients) {
    // Four sums: one would wait for itself at every addition.
    let [a, b, c, d] = [0, 0, 0, 0];
    const whole = gradient.length - (gradient.length % 4);
    for (let i = 0; i < whole; i += 4) {
      a += gradient[i]! * gradient[i]!;
      b += gradient[i + 1]! * gradient[i + 1]!;
      c += gradient[i + 2]! * gradient[i + 2]!;
      d += gradient[i + 3]! * gradient[i + 3]!;
    }
    for (let i = whole; i < gradient.length; i++) a += gradient[i]! * gradient[i]!;
    total += a + b + c + d;
  }
  return Math.sqrt(total);
}

/** One AdamW update in place (Loshchilov and Hutter 2019, algorithm 2); `gradientScale` carries the clipping. */
export function applyAdamW(
  state: OptimizerState,
  gradients: ReadonlyMap<string, Float32Array>,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 1e-2, emaDecay = 0.999 }: OptimizerOptions,
  { learningRate, gradientScale }: { learningRate: number; gradientScale: number },
): void {
  state.step += 1;
  const stepSize = learningRate / (1 - beta1 ** state.step);
  const rootCorrection2 = 1 / Math.sqrt(1 - beta2 ** state.step);
  const keep = 1 - learningRate * weightDecay;
  const averaging = 1 - Math.min(emaDecay, (1 + state.step) / (10 + state.step));
  for (const [name, gradient] of gradients) {
    const p = state.parameters.get(name)!.data;
    const m = state.firstMoment.get(name)!.data;
    const v = state.secondMoment.get(name)!.data;
    const average = state.ema?.get(name)?.data;
    // All in one loop: what bounds it is memory, and each array goes through it once.
    for (let i = 0; i < p.length; i++) {
      const g = gradient[i]! * gradientScale;
      const first = beta1 * m[i]! + (1 - beta1) * g;
      const second = beta2 * v[i]! + (1 - beta2) * g * g;
      m[i] = first;
      v[i] = second;
      const next = p[i]! * keep - (stepSize * first) / (Math.sqrt(second) * rootCorrection2 + epsilon);
      p[i] = next;
      if (average !== undefined) average[i] = average[i]! + averaging * (next - average[i]!);
    }
  }
}
