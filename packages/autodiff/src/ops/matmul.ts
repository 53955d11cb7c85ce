/** Rows for matrix products. */
import { apply, defineOp } from '../op.ts';
import { describeTensor, type GraphBuilder, sameShape, type Tensor } from '../tensor.ts';
import { broadcastShapes } from './elementwise.ts';
import { sum, sumTo } from './reduce.ts';
import { reshape } from './shape.ts';

export interface MatmulAttributes {
  transA: boolean;
  transB: boolean;
  alpha: number;
}

const swapLast = (rank: number) =>
  Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : i === rank - 2 ? rank - 1 : rank - 2));

/** Emits alpha op(A) op(B), where op may transpose, as one fused node if the execution provider supports that. */
export function emitMatmul(
  graph: GraphBuilder,
  [a, b]: readonly [string, string],
  { transA, transB, alpha, rankA, rankB }: MatmulAttributes & { rankA: number; rankB: number },
): string {
  if (!transA && !transB && alpha === 1) return graph.node('MatMul', [a, b]);
  if (graph.hasFusedMatMul) {
    const attributes = { transA: { int: Number(transA) }, transB: { int: Number(transB) }, alpha: { float: alpha } };
    return graph.node('FusedMatMul', [a, b], attributes, 'com.microsoft');
  }
  const left = transA ? graph.node('Transpose', [a], { perm: { ints: swapLast(rankA) } }) : a;
  const right = transB ? graph.node('Transpose', [b], { perm: { ints: swapLast(rankB) } }) : b;
  const product = graph.node('MatMul', [left, right]);
  return alpha === 1 ? product : graph.node('Mul', [product, graph.floats([alpha], [])]);
}

export const matmulOps = {
  matmul: defineOp<MatmulAttributes>({
    name: 'matmul',
    shape: ([a, b], { transA, transB }) => {
      const what = () =>
        `matmul of ${describeTensor(a!)}${transA ? ' transposed' : ''} and ${describeTensor(b!)}${transB ? ' transposed' : ''}`;
      if (a!.shape.length < 2 || b!.shape.length < 2) throw new Error(`${what()}: expected at least 2 axes each`);
      const [rows, innerA] = transA ? [a!.shape.at(-1)!, a!.shape.at(-2)!] : [a!.shape.at(-2)!, a!.shape.at(-1)!];
      const [innerB, columns] = transB ? [b!.shape.at(-1)!, b!.shape.at(-2)!] : [b!.shape.at(-2)!, b!.shape.at(-1)!];
      if (innerA !== innerB) throw new Error(`${what()}: expected equal inner sizes, got ${innerA} and ${innerB}`);
      return [...broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2), what), rows, columns];
    },
    emit: ({ graph, names, inputs, attributes }) =>
      emitMatmul(graph, [names[0]!, names[1]!], {
        ...attributes,
        rankA: inputs[0]!.shape.length,
        rankB: inputs[1]!.shape.length,
      }),
    vjp: ({ inputs, gradient: g, attributes: { transA, transB, alpha } }) => {
      const [a, b] = inputs as [Tensor, Tensor];
      const da = transA
        ? matmul(b, g, { transA: transB, transB: true, alpha })
        : matmul(g, b, { transB: !transB, alpha });
      const db = transB
        ? matmul(g, a, { transA: true, transB: transA, alpha })
        : matmul(a, g, { transA: !transA, alpha });
      return [sumTo(da, a.shape), sumTo(db, b.shape)];
    },
  }),
  linear: defineOp<undefined>({
    name: 'linear',
    shape: ([x, weight, bias]) => {
      const [out, features] = weight!.shape;
      if (
        weight!.shape.length !== 2 ||
        x!.shape.length !== 2 ||
        x!.shape[1] !== features ||
        (bias && !sameShape(bias.shape, [out!]))
      ) {
        const got = `${describeTensor(x!)}, ${describeTensor(weight!)}${bias ? `, ${describeTensor(bias)}` : ''}`;
        throw new Error(`linear: expected x [.., in], weight [out, in], bias [out], got ${got}`);
      }
      return [x!.shape[0]!, out!];
    },
    emit: ({ graph, names }) => graph.node('Gemm', names, { transB: { int: 1 } }),
    vjp: ({ inputs, gradient }) => {
      const [x, weight, bias] = inputs as [Tensor, Tensor, Tensor?];
      const dx = matmul(gradient, weight);
      const dw = matmul(gradient, x, { transA: true });
      return bias ? [dx, dw, sum(gradient, { axes: [0] })] : [dx, dw];
    },
  }),
};

/** Returns alpha op(a) op(b) over the last two axes, where op may transpose; leading axes broadcast. */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transA = false, transB = false, alpha = 1 }: Partial<MatmulAttributes> = {},
): Tensor {
  return apply(matmulOps.matmul, [a, b], { transA, transB, alpha });
}

/** x W^T + b over the last axis, with torch's layout: weight [out, in], bias [out]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const rows = reshape(x, [-1, x.shape.at(-1)!]);
  const y = apply(matmulOps.linear, bias ? [rows, weight, bias] : [rows, weight], undefined);
  return reshape(y, [...x.shape.slice(0, -1), weight.shape[0]!]);
}
