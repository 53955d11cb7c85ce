/**
 * Op-table rows for group and layer normalisation. The backward passes recompute mean and variance instead of storing
 * both.
 */
import { apply, defineOp } from '../op.ts';
import { describeTensor, elementCount, type GraphBuilder, sameShape, type Tensor } from '../tensor.ts';
import { add, mul, pow, square, sub } from './elementwise.ts';
import { groupNormGradient, layerNormGradient } from './norm-gradient.ts';
import { emitNormalisedRows, groupRows } from './normalised-rows.ts';
import { mean, sum } from './reduce.ts';
import { reshape } from './shape.ts';

function statistics(x: Tensor, epsilon: number): { average: Tensor; inverseDeviation: Tensor } {
  const average = mean(x, { axes: [-1], keepDims: true });
  const variance = mean(square(sub(x, average)), { axes: [-1], keepDims: true });
  return { average, inverseDeviation: pow(add(variance, epsilon), -0.5) };
}

function emitNormalisedGroups(
  graph: GraphBuilder,
  x: string,
  { batch, groups, epsilon }: { batch: number; groups: number; epsilon: number },
): string {
  const grouped = graph.node('Reshape', [x, graph.integers([batch, groups, -1])]);
  const ones = graph.floats(new Array<number>(groups).fill(1));
  const zeros = graph.floats(new Array<number>(groups).fill(0));
  return graph.node('InstanceNormalization', [grouped, ones, zeros], { epsilon: { float: epsilon } });
}

export const normOps = {
  groupNorm: defineOp<{ groups: number; epsilon: number }>({
    name: 'groupNorm',
    shape: ([x, gamma, beta], { groups }) => {
      const channels = x!.shape[1]!;
      if (channels % groups !== 0 || !sameShape(gamma!.shape, [channels]) || !sameShape(beta!.shape, [channels])) {
        const got = `${describeTensor(x!)}, ${describeTensor(gamma!)}, ${describeTensor(beta!)}`;
        throw new Error(
          `groupNorm in ${groups} groups: expected x [N, C, ..] with C divisible, gamma [C], beta [C], got ${got}`,
        );
      }
      return x!.shape;
    },
    emit: ({ graph, names, inputs, attributes: { groups, epsilon } }) => {
      const { shape } = inputs[0]!;
      const perChannel = graph.integers([shape[1]!, ...shape.slice(2).map(() => 1)]);
      const normalised = graph.fewNodes
        ? emitNormalisedRows(graph, names[0]!, { rows: groupRows(shape, groups), epsilon }).normalised
        : emitNormalisedGroups(graph, names[0]!, { batch: shape[0]!, groups, epsilon });
      const whole = graph.node('Reshape', [normalised, graph.integers(shape)]);
      const scaled = graph.node('Mul', [whole, graph.node('Reshape', [names[1]!, perChannel])]);
      return graph.node('Add', [scaled, graph.node('Reshape', [names[2]!, perChannel])]);
    },
    // The form of PyTorch's kernel: two per-channel sums, then one affine pass in dy and x.
    vjp: ({ inputs, gradient, attributes: { groups, epsilon }, form }) => {
      const [x, gamma] = inputs as [Tensor, Tensor];
      if (form.fewNodes) return groupNormGradient([x, gamma], gradient, { groups, epsilon });
      const [batch, channels] = x.shape as [number, number];
      const perGroup = channels / groups;
      const spatial = elementCount(x.shape.slice(2));
      const count = perGroup * spatial;
      const { average, inverseDeviation } = statistics(reshape(x, [batch, groups, count]), epsilon); // [N, G, 1]
      const flat = [batch, channels, spatial];
      const dy = reshape(gradient, flat);
      const values = reshape(x, flat);
      const dyX = reshape(sum(mul(dy, values), { axes: [2] }), [batch, groups, perGroup]);
      const dySum = reshape(sum(dy, { axes: [2] }), [batch, groups, perGroup]);
      const scale = reshape(gamma, [1, groups, perGroup]);
      const weightedDyX = sum(mul(dyX, scale), { axes: [2], keepDims: true }); // [N, G, 1]
      const weightedDy = sum(mul(dySum, scale), { axes: [2], keepDims: true });
      const c2 = mul(mul(sub(mul(weightedDy, average), weightedDyX), pow(inverseDeviation, 3)), 1 / count);
      const c3 = sub(mul(mul(c2, average), -1), mul(mul(weightedDy, inverseDeviation), 1 / count));
      const grouped = [batch, groups, perGroup, spatial];
      const column = (t: Tensor) => reshape(t, [batch, groups, t.shape[2]!, 1]);
      const dx = add(
        add(
          mul(reshape(gradient, grouped), column(mul(inverseDeviation, scale))),
          mul(reshape(x, grouped), column(c2)),
        ),
        column(c3),
      );
      const dGamma = sum(mul(sub(dyX, mul(dySum, average)), inverseDeviation), { axes: [0] });
      return [reshape(dx, x.shape), reshape(dGamma, [channels]), reshape(sum(dySum, { axes: [0] }), [channels])];
    },
  }),
  layerNorm: defineOp<{ epsilon: number }>({
    name: 'layerNorm',
    shape: ([x, gamma, beta]) => {
      const size = x!.shape.at(-1)!;
      if (!sameShape(gamma!.shape, [size]) || !sameShape(beta!.shape, [size])) {
        throw new Error(
          `layerNorm: expected gamma and beta [${size}], got ${describeTensor(gamma!)} and ${describeTensor(beta!)}`,
        );
      }
      return x!.shape;
    },
    emit: ({ graph, names, attributes: { epsilon } }) =>
      graph.node('LayerNormalization', names, { axis: { int: -1 }, epsilon: { float: epsilon } }),
    vjp: ({ inputs, gradient, attributes: { epsilon }, form }) => {
      const [x, gamma] = inputs as [Tensor, Tensor];
      if (form.fewNodes) return layerNormGradient([x, gamma], gradient, { epsilon });
      const { average, inverseDeviation } = statistics(x, epsilon);
      const normalised = mul(sub(x, average), inverseDeviation);
      const dNormalised = mul(gradient, gamma);
      const centred = sub(dNormalised, mean(dNormalised, { axes: [-1], keepDims: true }));
      const projected = mul(normalised, mean(mul(dNormalised, normalised), { axes: [-1], keepDims: true }));
      const leading = x.shape.slice(0, -1).map((_, axis) => axis);
      return [
        mul(sub(centred, projected), inverseDeviation),
        sum(mul(gradient, normalised), { axes: leading }),
        sum(gradient, { axes: leading }),
      ];
    },
  }),
};

/** Group normalisation (Wu and He 2018) of x [N, C, ..] with gamma, beta [C]. */
export function groupNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { groups, epsilon = 1e-5 }: { groups: number; epsilon?: number },
): Tensor {
  return apply(normOps.groupNorm, [x, gamma, beta], { groups, epsilon });
}

/** Layer normalisation (Ba et al. 2016) over the last axis. */
export function layerNorm(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  { epsilon = 1e-5 }: { epsilon?: number } = {},
): Tensor {
  return apply(normOps.layerNorm, [x, gamma, beta], { epsilon });
}
