/**
 * Elementwise ops: arithmetic with numpy broadcasting, and simple functions. `activation.ts` has the activations with
 * hand-written gradients.
 */
import { apply, defineOp, type Op } from '../op.ts';
import { constant, describeTensor, type Shape, type Tensor } from '../tensor.ts';
import { sumTo } from './reduce.ts';

/** A tensor, or a number that stands for a scalar constant. */
export type Operand = Tensor | number;

function asTensor(operand: Operand): Tensor {
  return typeof operand === 'number' ? constant(operand) : operand;
}

/** The numpy broadcast of two shapes; throws when an axis has two different sizes that are not 1. */
export function broadcastShapes(a: Shape, b: Shape, what: () => string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new Error(`${what()}: expected shapes that broadcast, got ${left} and ${right} at axis ${axis}`);
    }
    return Math.max(left, right);
  });
}

type Vjp = Exclude<Op<undefined>['vjp'], string>;

function binary(
  name: string,
  onnx: string,
  vjp: (x: Parameters<Vjp>[0] & { a: Tensor; b: Tensor }) => [Tensor, Tensor],
): Op<undefined> {
  return defineOp<undefined>({
    name,
    shape: ([a, b]) =>
      broadcastShapes(a!.shape, b!.shape, () => `${name} of ${describeTensor(a!)} and ${describeTensor(b!)}`),
    emit: ({ graph, names }) => graph.node(onnx, names),
    vjp: (context) => {
      const [a, b] = context.inputs as [Tensor, Tensor];
      const [da, db] = vjp({ ...context, a, b });
      return [sumTo(da, a.shape), sumTo(db, b.shape)];
    },
  });
}

function unary(name: string, onnx: string, vjp: (x: { x: Tensor; y: Tensor; g: Tensor }) => Tensor): Op<undefined> {
  return defineOp<undefined>({
    name,
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.node(onnx, names),
    vjp: ({ inputs, output, gradient }) => [vjp({ x: inputs[0]!, y: output, g: gradient })],
  });
}

export const elementwiseOps = {
  add: binary('add', 'Add', ({ gradient }) => [gradient, gradient]),
  sub: binary('sub', 'Sub', ({ gradient }) => [gradient, neg(gradient)]),
  mul: binary('mul', 'Mul', ({ a, b, gradient }) => [mul(gradient, b), mul(gradient, a)]),
  div: binary('div', 'Div', ({ b, output, gradient }) => {
    const da = div(gradient, b);
    return [da, neg(mul(da, output))];
  }),
  neg: unary('neg', 'Neg', ({ g }) => neg(g)),
  exp: unary('exp', 'Exp', ({ y, g }) => mul(g, y)),
  log: unary('log', 'Log', ({ x, g }) => div(g, x)),
  sqrt: unary('sqrt', 'Sqrt', ({ y, g }) => div(mul(g, 0.5), y)),
  sin: unary('sin', 'Sin', ({ x, g }) => mul(g, cos(x))),
  cos: unary('cos', 'Cos', ({ x, g }) => neg(mul(g, sin(x)))),
  tanh: unary('tanh', 'Tanh', ({ y, g }) => mul(g, sub(1, square(y)))),
  pow: defineOp<{ exponent: number }>({
    name: 'pow',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names, attributes }) => graph.node('Pow', [names[0]!, graph.floats([attributes.exponent], [])]),
    vjp: ({ inputs, gradient, attributes: { exponent } }) => [
      mul(gradient, mul(pow(inputs[0]!, exponent - 1), exponent)),
    ],
  }),
  clamp: defineOp<{ min?: number | undefined; max?: number | undefined }>({
    name: 'clamp',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names, attributes: { min, max } }) =>
      graph.node('Clip', [
        names[0]!,
        min === undefined ? '' : graph.floats([min], []),
        ...(max === undefined ? [] : [graph.floats([max], [])]),
      ]),
    vjp: ({ inputs, gradient, attributes: { min, max } }) => {
      const aboveMin = min === undefined ? gradient : mul(gradient, isPositive(sub(inputs[0]!, min)));
      return [max === undefined ? aboveMin : mul(aboveMin, isPositive(sub(max, inputs[0]!)))];
    },
  }),
  isPositive: defineOp<undefined>({
    name: 'isPositive',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.cast(graph.node('Greater', [names[0]!, graph.floats([0], [])]), graph.floatType),
    vjp: () => [null],
  }),
};

export const add = (a: Operand, b: Operand): Tensor => applyBinary(elementwiseOps.add, a, b);
export const sub = (a: Operand, b: Operand): Tensor => applyBinary(elementwiseOps.sub, a, b);
export const mul = (a: Operand, b: Operand): Tensor => applyBinary(elementwiseOps.mul, a, b);
export const div = (a: Operand, b: Operand): Tensor => applyBinary(elementwiseOps.div, a, b);
export const neg = (x: Tensor): Tensor => apply(elementwiseOps.neg, [x], undefined);
export const exp = (x: Tensor): Tensor => apply(elementwiseOps.exp, [x], undefined);
export const log = (x: Tensor): Tensor => apply(elementwiseOps.log, [x], undefined);
export const sqrt = (x: Tensor): Tensor => apply(elementwiseOps.sqrt, [x], undefined);
export const sin = (x: Tensor): Tensor => apply(elementwiseOps.sin, [x], undefined);
export const cos = (x: Tensor): Tensor => apply(elementwiseOps.cos, [x], undefined);
export const tanh = (x: Tensor): Tensor => apply(elementwiseOps.tanh, [x], undefined);
export const square = (x: Tensor): Tensor => mul(x, x);
export const pow = (x: Tensor, exponent: number): Tensor => apply(elementwiseOps.pow, [x], { exponent });
/** Limits values to [min, max]; the gradient is zero outside. */
export const clamp = (x: Tensor, limits: { min?: number; max?: number }): Tensor =>
  apply(elementwiseOps.clamp, [x], limits);
/** 1 where x > 0, else 0; the gradient is zero. */
export const isPositive = (x: Tensor): Tensor => apply(elementwiseOps.isPositive, [x], undefined);

function applyBinary(op: Op<undefined>, a: Operand, b: Operand): Tensor {
  return apply(op, [asTensor(a), asTensor(b)], undefined);
}
