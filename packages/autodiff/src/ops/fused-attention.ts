/**
 * Attention over many positions, which never stores the whole matrix of attention weights. The forward pass is one
 * operator that processes keys in blocks (Dao et al. 2022). The backward pass computes the weights again from queries
 * and keys, some heads or query rows at a time. `attention.ts` handles few positions.
 */
import { apply, defineOp } from '../op.ts';
import { describeTensor, type GraphBuilder, type Tensor } from '../tensor.ts';
import { softmax } from './attention.ts';
import { add, mul, sub } from './elementwise.ts';
import { matmul } from './matmul.ts';
import { sum } from './reduce.ts';
import { concat, reshape, slice, transpose } from './shape.ts';

export interface FusedAttentionAttributes {
  heads: number;
  scale: number;
  /** Largest size in bytes of attention weights in the backward pass; the device's default if undefined. */
  maxWeightBytes: number | undefined;
}

/**
 * Default size of attention weights in the backward pass: enough rows for efficient matrix products, but small compared
 * with a network's activations.
 */
export const DEFAULT_ATTENTION_BYTES = 64 * 2 ** 20;

const FLOAT_BYTES = 4;

/** One part of the attention weights in the backward pass: heads [from, to) and query rows [start, end). */
export interface AttentionPart {
  from: number;
  to: number;
  start: number;
  end: number;
}

/**
 * Divides the attention weights [heads, queries, keys] into nearly equal parts, each of at most `maxBytes` (or one
 * query row).
 */
export function attentionParts({
  heads,
  queries,
  keys,
  maxBytes,
}: {
  heads: number;
  queries: number;
  keys: number;
  maxBytes: number;
}): AttentionPart[] {
  const headBytes = FLOAT_BYTES * queries * keys;
  const headGroups = Math.min(heads, Math.ceil(heads / Math.max(1, Math.floor(maxBytes / headBytes))));
  const rows = Math.max(1, Math.floor(maxBytes / (FLOAT_BYTES * keys)));
  const rowGroups = headGroups === heads ? Math.ceil(queries / rows) : 1;
  const cut = (length: number, count: number, i: number) => Math.floor((length * i) / count);
  return Array.from({ length: headGroups * rowGroups }, (_, i) => {
    const [group, row] = [Math.floor(i / rowGroups), i % rowGroups];
    return {
      from: cut(heads, headGroups, group),
      to: cut(heads, headGroups, group + 1),
      start: cut(queries, rowGroups, row),
      end: cut(queries, rowGroups, row + 1),
    };
  });
}

export const fusedAttentionOps = {
  fusedAttention: defineOp<FusedAttentionAttributes>({
    name: 'fusedAttention',
    shape: ([q, k, v], { heads }) => {
      const [batch, , channels] = q!.shape;
      const fits =
        [q!, k!, v!].every(({ shape }) => shape.length === 3 && shape[0] === batch && shape[2] === channels) &&
        k!.shape[1] === v!.shape[1] &&
        channels! % heads === 0;
      if (!fits) {
        throw new Error(
          `attention in ${heads} heads: expected q [B, T, C], k and v [B, S, C], got ${[q!, k!, v!].map(describeTensor).join(', ')}`,
        );
      }
      return q!.shape;
    },
    emit: ({ graph, names, inputs, attributes: { heads, scale } }) => {
      // The same condition as for matmuls: both are com.microsoft operators that other providers lack.
      if (graph.hasFusedMatMul) {
        const attributes = { num_heads: { int: heads }, scale: { float: scale } };
        return graph.node('MultiHeadAttention', names, attributes, 'com.microsoft');
      }
      return emitWhole(graph, names, inputs, { heads, scale });
    },
    vjp: ({ inputs, output, gradient, attributes, form }) => {
      const { heads, scale, maxWeightBytes = form.attentionBytes ?? DEFAULT_ATTENTION_BYTES } = attributes;
      const [batch, queries, channels] = inputs[0]!.shape as [number, number, number];
      const keys = inputs[1]!.shape[1]!;
      const size = channels / heads;
      const all = batch * heads;
      const toHeads = (x: Tensor) => {
        const length = x.shape[1]!;
        return reshape(transpose(reshape(x, [batch, length, heads, size]), [0, 2, 1, 3]), [all, length, size]);
      };
      const fromHeads = (x: Tensor) => {
        const length = x.shape[1]!;
        return reshape(transpose(reshape(x, [batch, heads, length, size]), [0, 2, 1, 3]), [batch, length, channels]);
      };
      const [q, k, v, dO] = [...inputs, gradient].map(toHeads) as [Tensor, Tensor, Tensor, Tensor];
      // Row sums of dP * P, without dP or P (Dao et al. 2022, appendix B.2): [B h, T, 1].
      const delta = sum(mul(dO, toHeads(output)), { axes: [-1], keepDims: true });
      const parts = attentionParts({ heads: all, queries, keys, maxBytes: maxWeightBytes });
      const pieces = parts.map(({ from, to, start, end }) => {
        const ofHeads = (x: Tensor) => slice(x, { axis: 0, start: from, end: to });
        const ofRows = (x: Tensor) => slice(ofHeads(x), { axis: 1, start, end });
        const [qPart, kPart, vPart, dOPart] = [ofRows(q), ofHeads(k), ofHeads(v), ofRows(dO)];
        const p = softmax(matmul(qPart, kPart, { transB: true, alpha: scale }));
        const dV = matmul(p, dOPart, { transA: true });
        const dS = mul(p, sub(matmul(dOPart, vPart, { transB: true }), ofRows(delta)));
        const dQ = matmul(dS, kPart, { alpha: scale });
        const dK = matmul(dS, qPart, { transA: true, alpha: scale });
        if (parts.length === 1) return [dQ, dK, dV];
        // One concatenated value makes each part finish, and free its weights, before the next begins.
        const joined = concat([dQ, dK, dV], 1);
        const rows = end - start;
        return [
          slice(joined, { axis: 1, start: 0, end: rows }),
          slice(joined, { axis: 1, start: rows, end: rows + keys }),
          slice(joined, { axis: 1, start: rows + keys, end: rows + 2 * keys }),
        ];
      });
      const byHeads = parts.flatMap(({ from }, i) => (i === 0 || from !== parts[i - 1]!.from ? [from] : []));
      const ofGroup = (from: number, which: number) =>
        pieces.flatMap((piece, i) => (parts[i]!.from === from ? [piece[which]!] : []));
      const dQ = concat(
        byHeads.map((from) => concat(ofGroup(from, 0), 1)),
        0,
      );
      const [dK, dV] = [1, 2].map((which) =>
        concat(
          byHeads.map((from) => ofGroup(from, which).reduce((total, part) => add(total, part))),
          0,
        ),
      );
      return [fromHeads(dQ), fromHeads(dK!), fromHeads(dV!)];
    },
  }),
};

/** Emits attention as separate ONNX operators, for execution providers without the fused operator. */
function emitWhole(
  graph: GraphBuilder,
  names: readonly string[],
  inputs: readonly Tensor[],
  { heads, scale }: { heads: number; scale: number },
): string {
  const [batch, queries, channels] = inputs[0]!.shape as [number, number, number];
  const toHeads = (name: string, length: number, permutation: readonly number[]) =>
    graph.node('Transpose', [graph.node('Reshape', [name, graph.integers([batch, length, heads, channels / heads])])], {
      perm: { ints: permutation },
    });
  const keys = inputs[1]!.shape[1]!;
  const scores = graph.node('MatMul', [
    graph.node('Mul', [toHeads(names[0]!, queries, [0, 2, 1, 3]), graph.floats([scale], [])]),
    toHeads(names[1]!, keys, [0, 2, 3, 1]),
  ]);
  // A softmax sum can overflow float16.
  const weights = graph.cast(
    graph.node('Softmax', [graph.cast(scores, 'float32')], { axis: { int: -1 } }),
    graph.floatType,
  );
  const mixed = graph.node('MatMul', [weights, toHeads(names[2]!, keys, [0, 2, 1, 3])]); // [B, h, T, d]
  const joined = graph.node('Transpose', [mixed], { perm: { ints: [0, 2, 1, 3] } });
  return graph.node('Reshape', [joined, graph.integers([batch, queries, channels])]);
}

/** softmax(scale q k^T) v in `heads` heads: q [B, T, C], k and v [B, S, C] -> [B, T, C]. */
export function fusedAttention(q: Tensor, k: Tensor, v: Tensor, attributes: FusedAttentionAttributes): Tensor {
  return apply(fusedAttentionOps.fusedAttention, [q, k, v], attributes);
}
