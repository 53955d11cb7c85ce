/** Ops for activations. The gradients are written by hand, so that they need few passes over memory. */
import { apply, defineOp } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { add, exp, isPositive, mul, square, sub } from './elementwise.ts';

const INVERSE_SQRT_2PI = 0.3989422804014327;

/** dy/dx of the exact GELU, which is Phi(x) + x phi(x), emitted as eight ONNX nodes. */
const geluSlope = defineOp<undefined>({
  name: 'geluSlope',
  shape: ([x]) => x!.shape,
  emit: ({ graph, names }) => {
    const number = (value: number) => graph.floats([value], []);
    // With m = x / sqrt(2), Phi is (1 + erf m) / 2, which is one HardSigmoid, and x phi is m exp(-m^2) / sqrt(pi).
    const m = graph.node('Mul', [names[0]!, number(Math.SQRT1_2)]);
    const half = { alpha: { float: 0.5 }, beta: { float: 0.5 } };
    const cdf = graph.node('HardSigmoid', [graph.node('Erf', [m])], half);
    const exponent = graph.node('Sub', [number(-0.5 * Math.log(Math.PI)), graph.node('Mul', [m, m])]);
    return graph.node('Add', [cdf, graph.node('Mul', [m, graph.node('Exp', [exponent])])]);
  },
  vjp: 'second derivatives of activations are not needed',
});

export const activationOps = {
  sigmoid: defineOp<undefined>({
    name: 'sigmoid',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.node('Sigmoid', names),
    vjp: ({ output, gradient }) => [mul(gradient, mul(output, sub(1, output)))],
  }),
  relu: defineOp<undefined>({
    name: 'relu',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.node('Relu', names),
    vjp: ({ inputs, gradient }) => [mul(gradient, isPositive(inputs[0]!))],
  }),
  /** x sigmoid(alpha x): SiLU for alpha 1, OpenAI CLIP's "quick gelu" for 1.702. */
  silu: defineOp<{ alpha: number }>({
    name: 'silu',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names, attributes: { alpha } }) =>
      graph.node('QuickGelu', names, { alpha: { float: alpha } }, 'com.microsoft'),
    vjp: ({ inputs, output, gradient, attributes: { alpha } }) => {
      const gate = sigmoid(alpha === 1 ? inputs[0]! : mul(inputs[0]!, alpha));
      const scaled = alpha === 1 ? output : mul(output, alpha);
      return [mul(gradient, add(gate, mul(scaled, sub(1, gate))))];
    },
  }),
  /** Gaussian error linear unit: the exact function with erf, not the tanh approximation. */
  gelu: defineOp<undefined>({
    name: 'gelu',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.node('Gelu', names, {}, 'com.microsoft'),
    vjp: ({ inputs, gradient, form }) => {
      const x = inputs[0]!;
      if (form.fewNodes) return [mul(gradient, apply(geluSlope, [x], undefined))];
      const density = mul(exp(mul(square(x), -0.5)), INVERSE_SQRT_2PI);
      return [mul(gradient, add(normalCdf(x), mul(x, density)))];
    },
  }),
  normalCdf: defineOp<undefined>({
    name: 'normalCdf',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => {
      const erf = graph.node('Erf', [graph.node('Mul', [names[0]!, graph.floats([Math.SQRT1_2], [])])]);
      return graph.node('Mul', [graph.node('Add', [erf, graph.floats([1], [])]), graph.floats([0.5], [])]);
    },
    vjp: ({ inputs, gradient }) => [mul(gradient, mul(exp(mul(square(inputs[0]!), -0.5)), INVERSE_SQRT_2PI))],
  }),
};

export const sigmoid = (x: Tensor): Tensor => apply(activationOps.sigmoid, [x], undefined);
export const relu = (x: Tensor): Tensor => apply(activationOps.relu, [x], undefined);
export const silu = (x: Tensor): Tensor => apply(activationOps.silu, [x], { alpha: 1 });
export const quickGelu = (x: Tensor): Tensor => apply(activationOps.silu, [x], { alpha: 1.702 });
export const gelu = (x: Tensor): Tensor => apply(activationOps.gelu, [x], undefined);
/** The standard normal's distribution function. */
export const normalCdf = (x: Tensor): Tensor => apply(activationOps.normalCdf, [x], undefined);
