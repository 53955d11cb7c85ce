/**
 * Gradients of the group and layer norms, written with few ONNX nodes (Ba et al. 2016). dx = (g - mean(g) - xh mean(g
 * xh)) / deviation, where xh is the normalised x and g = dy gamma. `norm.ts` has another form of these gradients, with
 * few passes over memory.
 */
import { elementCount, type Tensor } from '../tensor.ts';
import { mul, sub } from './elementwise.ts';
import { groupRows, normaliseRows } from './normalised-rows.ts';
import { mean, sum } from './reduce.ts';
import { reshape } from './shape.ts';

/**
 * Returns dx, dgamma and dbeta of group normalisation. g = dy gamma is never stored in full; the sums over g are
 * computed by channel.
 */
export function groupNormGradient(
  [x, gamma]: readonly [Tensor, Tensor],
  dy: Tensor,
  { groups, epsilon }: { groups: number; epsilon: number },
): [Tensor, Tensor, Tensor] {
  const [batch, channels] = x.shape as [number, number];
  const perGroup = channels / groups;
  const spatial = elementCount(x.shape.slice(2));
  const { normalised, inverseDeviation } = normaliseRows(x, { rows: groupRows(x.shape, groups), epsilon });
  const byGroup = [batch, groups, perGroup, spatial];
  const slopes = reshape(dy, byGroup);
  const rows = reshape(normalised, byGroup);
  const dyX = sum(mul(slopes, rows), { axes: [3] }); // [N, G, C/G]
  const dySum = sum(slopes, { axes: [3] });
  const scale = reshape(gamma, [1, groups, perGroup]);
  const share = mul(inverseDeviation, mul(scale, 1 / (perGroup * spatial))); // [N, G, C/G]
  const ofGroup = (t: Tensor) => sum(mul(t, share), { axes: [2], keepDims: true }); // [N, G, 1]
  const column = (t: Tensor) => reshape(t, [batch, groups, t.shape[2]!, 1]);
  const scaled = mul(slopes, column(mul(inverseDeviation, scale)));
  const dx = sub(sub(scaled, mul(rows, column(ofGroup(dyX)))), column(ofGroup(dySum)));
  const overBatch = (t: Tensor) => reshape(sum(t, { axes: [0] }), [channels]);
  return [reshape(dx, x.shape), overBatch(dyX), overBatch(dySum)];
}

/** Returns dx, dgamma and dbeta of layer normalisation. */
export function layerNormGradient(
  [x, gamma]: readonly [Tensor, Tensor],
  dy: Tensor,
  { epsilon }: { epsilon: number },
): [Tensor, Tensor, Tensor] {
  const { normalised, inverseDeviation } = normaliseRows(x, { rows: x.shape, epsilon });
  const average = (t: Tensor) => mean(t, { axes: [-1], keepDims: true });
  const leading = x.shape.slice(0, -1).map((_, axis) => axis);
  const g = mul(dy, gamma);
  const dyX = mul(dy, normalised);
  const centred = sub(sub(g, average(g)), mul(normalised, average(mul(dyX, gamma))));
  return [mul(centred, inverseDeviation), sum(dyX, { axes: leading }), sum(dy, { axes: leading })];
}
