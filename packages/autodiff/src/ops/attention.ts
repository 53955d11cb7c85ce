/** Op-table rows for softmax, and multi-head attention built from softmax. */
import { apply, defineOp } from '../op.ts';
import { constant, describeTensor, type Tensor } from '../tensor.ts';
import { add, exp, mul, sub } from './elementwise.ts';
import { DEFAULT_ATTENTION_BYTES, fusedAttention } from './fused-attention.ts';
import { matmul } from './matmul.ts';
import { sum } from './reduce.ts';
import { reshape, transpose } from './shape.ts';

export const attentionOps = {
  softmax: defineOp<undefined>({
    name: 'softmax',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.node('Softmax', names, { axis: { int: -1 } }),
    vjp: ({ output, gradient }) => {
      const weighted = mul(gradient, output);
      return [sub(weighted, mul(output, sum(weighted, { axes: [-1], keepDims: true })))];
    },
  }),
  logSoftmax: defineOp<undefined>({
    name: 'logSoftmax',
    shape: ([x]) => x!.shape,
    emit: ({ graph, names }) => graph.node('LogSoftmax', names, { axis: { int: -1 } }),
    vjp: ({ output, gradient }) => [sub(gradient, mul(exp(output), sum(gradient, { axes: [-1], keepDims: true })))],
  }),
};

/** Softmax over the last axis. */
export const softmax = (x: Tensor): Tensor => apply(attentionOps.softmax, [x], undefined);
/** Logarithm of the softmax over the last axis. */
export const logSoftmax = (x: Tensor): Tensor => apply(attentionOps.logSoftmax, [x], undefined);

const MASKED = -1e9;
/** Up to this size, storing the attention weights for the backward pass is cheaper than recomputing these weights. */
const MAX_KEPT_WEIGHT_BYTES = 8 * 2 ** 20;
/**
 * Scaled dot-product attention (Vaswani et al. 2017, eq. 1) in `heads` heads: q [B, T, C], k and v [B, S, C] -> [B, T,
 * C]. `scale` defaults to 1/sqrt(C/heads); `causal` hides later positions. Large attention weights [B, heads, T, S] are
 * never stored in full. Unless `causal`, the backward pass recomputes such weights in parts of at most
 * `maxWeightBytes`; the default depends on the device.
 */
export function attention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  {
    heads,
    scale,
    causal = false,
    maxWeightBytes,
  }: { heads: number; scale?: number; causal?: boolean; maxWeightBytes?: number | undefined },
): Tensor {
  const [batch, length, channels] = q.shape as [number, number, number];
  const keys = k.shape[1]!;
  if (channels % heads !== 0)
    throw new Error(`attention: expected channels divisible by ${heads} heads, got ${describeTensor(q)}`);
  const size = channels / heads;
  const weightBytes = 4 * batch * heads * length * keys;
  if (!causal && weightBytes > Math.min(maxWeightBytes ?? DEFAULT_ATTENTION_BYTES, MAX_KEPT_WEIGHT_BYTES)) {
    return fusedAttention(q, k, v, { heads, scale: scale ?? 1 / Math.sqrt(size), maxWeightBytes });
  }
  const toHeads = (x: Tensor, steps: number) => transpose(reshape(x, [batch, steps, heads, size]), [0, 2, 1, 3]);
  const scores = matmul(toHeads(q, length), toHeads(k, keys), { transB: true, alpha: scale ?? 1 / Math.sqrt(size) });
  const weights = softmax(causal ? add(scores, causalMask(length, keys)) : scores); // [B, h, T, S]
  const mixed = matmul(weights, toHeads(v, keys)); // [B, h, T, d]
  return reshape(transpose(mixed, [0, 2, 1, 3]), [batch, length, channels]);
}

function causalMask(length: number, keys: number): Tensor {
  const mask = new Float32Array(length * keys);
  for (let t = 0; t < length; t++) mask.fill(MASKED, t * keys + t + 1, (t + 1) * keys);
  return constant(mask, [length, keys]);
}
