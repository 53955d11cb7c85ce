/** Ops that look up values by integer index. */
import { apply, defineOp } from '../op.ts';
import { describeTensor, elementCount, type Shape, type Tensor } from '../tensor.ts';
import { mul } from './elementwise.ts';
import { sum } from './reduce.ts';
import { reshape } from './shape.ts';

function checkIds(op: string, ids: Tensor): void {
  if (ids.dtype !== 'int64') throw new Error(`${op}: expected int64 indices, got ${ids.dtype} ${describeTensor(ids)}`);
}

const scatterOps = {
  /** Adds each input row to the row of a zero-filled table that the row's index names. */
  scatterAddRows: defineOp<{ shape: Shape }>({
    name: 'scatterAddRows',
    shape: (_, { shape }) => shape,
    emit: ({ graph, names, inputs, attributes: { shape } }) => {
      const count = elementCount(inputs[1]!.shape);
      const zeros = graph.node('Expand', [graph.floats([0], [1, 1]), graph.integers(shape)]);
      const indices = graph.node('Reshape', [names[1]!, graph.integers([count, 1])]);
      const rows = graph.node('Reshape', [names[0]!, graph.integers([count, shape[1]!])]);
      return graph.node('ScatterND', [zeros, indices, rows], { reduction: { string: 'add' } });
    },
    vjp: 'second derivatives of embeddings are not needed',
  }),
};

export const gatherOps = {
  ...scatterOps,
  embedding: defineOp<undefined>({
    name: 'embedding',
    shape: ([table, ids]) => {
      checkIds('embedding', ids!);
      return [...ids!.shape, table!.shape[1]!];
    },
    emit: ({ graph, names }) => graph.node('Gather', names, { axis: { int: 0 } }),
    vjp: ({ inputs, gradient }) => {
      const [table, ids] = inputs as [Tensor, Tensor];
      return [apply(scatterOps.scatterAddRows, [gradient, ids], { shape: table.shape }), null];
    },
  }),
  oneHot: defineOp<{ depth: number }>({
    name: 'oneHot',
    shape: ([ids], { depth }) => {
      checkIds('oneHot', ids!);
      return [...ids!.shape, depth];
    },
    emit: ({ graph, names, attributes: { depth } }) =>
      graph.node('OneHot', [names[0]!, graph.integers([depth]), graph.floats([0, 1])], { axis: { int: -1 } }),
    vjp: () => [null],
  }),
};

/** Rows of `table` [V, C] at `ids` (int64, any shape) -> [..., C]. */
export const embedding = (table: Tensor, ids: Tensor): Tensor => apply(gatherOps.embedding, [table, ids], undefined);
/** Encodes each id on a new last axis of size `depth`: 1 at the id's position, 0 elsewhere. */
export const oneHot = (ids: Tensor, depth: number): Tensor => apply(gatherOps.oneHot, [ids], { depth });

/** Takes one row from each batch element: x [B, T, C] at `index` (int64 [B]) -> [B, C]. */
export function gatherRows(x: Tensor, index: Tensor): Tensor {
  const [batch, length] = x.shape as [number, number];
  return sum(mul(x, reshape(oneHot(index, length), [batch, length, 1])), { axes: [1] });
}
