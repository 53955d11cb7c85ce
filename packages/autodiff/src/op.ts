/**
 * An op: one row of the op table, with a shape rule, an ONNX emission and a gradient rule. A row without one of the
 * three does not compile. The rows are in `ops/`.
 */
import type { DType, GradientForm, GraphBuilder, Shape, Tensor } from './tensor.ts';
import { createTensor } from './tensor.ts';

/** One row of the op table. `A` is the type of the op's attributes. */
export interface Op<A> {
  readonly name: string;
  /**
   * Returns the result's shape, and its dtype unless float32. Throws an error that names the op, the expected shapes
   * and the actual ones.
   */
  readonly shape: (inputs: readonly Tensor[], attributes: A) => Shape | { shape: Shape; dtype: DType };
  /** Writes ONNX nodes and returns the name of the value that holds the result. */
  readonly emit: (context: {
    graph: GraphBuilder;
    names: readonly string[];
    inputs: readonly Tensor[];
    output: Tensor;
    attributes: A;
  }) => string;
  /**
   * Vector-Jacobian product: maps dL/d(output) to dL/d(input) for each input, or `null` for inputs without a gradient.
   * A string states why the op has no gradient; differentiating the op throws an error with this reason.
   */
  readonly vjp:
    | ((context: {
        inputs: readonly Tensor[];
        output: Tensor;
        gradient: Tensor;
        attributes: A;
        form: GradientForm;
      }) => readonly (Tensor | null)[])
    | string;
}

/** Traces `op` on `inputs`. */
export function apply<A>(op: Op<A>, inputs: readonly Tensor[], attributes: A): Tensor {
  const result = op.shape(inputs, attributes);
  const { shape, dtype } = 'shape' in result ? result : { shape: result as Shape, dtype: 'float32' as const };
  return createTensor(shape, dtype, {
    kind: 'op',
    node: {
      name: op.name,
      inputs,
      reapply: (others) => apply(op, others, attributes),
      emit: (graph, names, output) => op.emit({ graph, names, inputs, output, attributes }),
      vjp: (primals, output, gradient, form) => {
        if (typeof op.vjp === 'string') throw new Error(`${op.name} has no gradient: ${op.vjp}`);
        return op.vjp({ inputs: primals, output, gradient, attributes, form });
      },
    },
  });
}

/** Declares a row. Returns the row unchanged, so that TypeScript infers `A` from the three rules. */
export function defineOp<A = undefined>(op: Op<A>): Op<A> {
  return op;
}
