/**
 * Rows normalised to mean 0 and variance 1, and their inverse deviations, as two values of one node. A norm's forward
 * pass and its gradient share the node. The norm chooses the rows.
 */
import { apply, defineOp } from '../op.ts';
import { elementCount, type GraphBuilder, type Shape, type Tensor } from '../tensor.ts';

export interface NormalisedRows {
  /** Shape to which x is reshaped; the last axis is normalised. */
  readonly rows: Shape;
  readonly epsilon: number;
}

/** Reshapes [N, C, ..] to [N, groups, values of a group]. */
export function groupRows(shape: Shape, groups: number): Shape {
  return [shape[0]!, groups, elementCount(shape.slice(1)) / groups];
}

/** Emits one LayerNormalization without weights, shared by all users. */
export function emitNormalisedRows(
  graph: GraphBuilder,
  x: string,
  { rows, epsilon }: NormalisedRows,
): { normalised: string; inverseDeviation: string } {
  const [normalised, , inverseDeviation] = graph.shared(`rows ${x} ${rows.join()} ${epsilon}`, () => {
    const length = rows.at(-1)!;
    const [ones] = graph.shared(`ones ${length} ${graph.floatType}`, () => [
      graph.floats(new Float32Array(length).fill(1)),
    ]);
    const seen = graph.node('Reshape', [x, graph.integers(rows)]);
    const attributes = { axis: { int: -1 }, epsilon: { float: epsilon } };
    return graph.nodeWithOutputs('LayerNormalization', [seen, ones!], { attributes, outputs: 3 });
  });
  return { normalised: normalised!, inverseDeviation: inverseDeviation! };
}

const WHY = 'second derivatives of norms are not needed';

const rowOps = {
  normalisedRows: defineOp<NormalisedRows>({
    name: 'normalisedRows',
    shape: (_, { rows }) => rows,
    emit: ({ graph, names, attributes }) => emitNormalisedRows(graph, names[0]!, attributes).normalised,
    vjp: WHY,
  }),
  inverseDeviation: defineOp<NormalisedRows>({
    name: 'inverseDeviation',
    shape: (_, { rows }) => [...rows.slice(0, -1), 1],
    emit: ({ graph, names, attributes }) => emitNormalisedRows(graph, names[0]!, attributes).inverseDeviation,
    vjp: WHY,
  }),
};

/** (x - mean) / sqrt(variance + epsilon) over the last axis of x seen as `rows`, and 1 / sqrt(variance + epsilon). */
export function normaliseRows(x: Tensor, options: NormalisedRows): { normalised: Tensor; inverseDeviation: Tensor } {
  return {
    normalised: apply(rowOps.normalisedRows, [x], options),
    inverseDeviation: apply(rowOps.inverseDeviation, [x], options),
  };
}
