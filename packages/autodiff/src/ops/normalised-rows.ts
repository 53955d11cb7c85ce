/**
 * Normalises rows of a tensor to mean 0 and variance 1; one ONNX node returns the normalised rows and 1 / deviation of
 * each row. The forward pass and the gradient of a norm share this node. Group and layer norm each choose which
 * elements form a row.
 */
import { apply, defineOp } from '../op.ts';
import { elementCount, type GraphBuilder, type Shape, type Tensor } from '../tensor.ts';

export interface NormalisedRows {
  /** Shape to which x is reshaped; the last axis is normalised. */
  readonly rows: Shape;
  readonly epsilon: number;
}

/** Returns the shape [N, groups, values of a group] for x [N, C, ..]. */
export function groupRows(shape: Shape, groups: number): Shape {
  return [shape[0]!, groups, elementCount(shape.slice(1)) / groups];
}

/** Emits one LayerNormalization node without learned weights, shared by all users of the same rows. */
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

/**
 * Reshapes x to `rows`; returns (x - mean) / sqrt(variance + epsilon) over the last axis, and 1 / sqrt(variance +
 * epsilon).
 */
export function normaliseRows(x: Tensor, options: NormalisedRows): { normalised: Tensor; inverseDeviation: Tensor } {
  return {
    normalised: apply(rowOps.normalisedRows, [x], options),
    inverseDeviation: apply(rowOps.inverseDeviation, [x], options),
  };
}
