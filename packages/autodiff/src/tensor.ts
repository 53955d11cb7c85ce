/**
 * Symbolic tensors: nodes of a graph without data, built by calling ops. Shapes are static and known while tracing. The
 * op defines a node's computation (`op.ts`).
 */

export type Shape = readonly number[];
export type DType = 'float32' | 'int64';

/** A value in a traced graph. */
export interface Tensor {
  /** Ids increase in order of creation, which is a topological order. */
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly source: Source;
  /** The checkpointed block in which the tensor was created; the backward pass recomputes the tensor's value. */
  readonly segment: number | undefined;
}

/** The origin of a tensor. */
export type Source =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: Float32Array }
  | { readonly kind: 'op'; readonly node: OpNode };

/** An op applied to inputs, with its attributes bound. */
export interface OpNode {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  /** Applies the op with the same attributes to other inputs, for recomputation. */
  readonly reapply: (inputs: readonly Tensor[]) => Tensor;
  readonly emit: (graph: GraphBuilder, inputNames: readonly string[], output: Tensor) => string;
  readonly vjp: (
    inputs: readonly Tensor[],
    output: Tensor,
    gradient: Tensor,
    form: GradientForm,
  ) => readonly (Tensor | null)[];
}

/** Options for the nodes that compute gradients, where several forms are possible. */
export interface GradientForm {
  /** Prefer few nodes, for devices on which launching a kernel costs more than its computation. */
  readonly fewNodes: boolean;
  /** Largest size in bytes of attention weights in the backward pass, unless the model sets its own limit. */
  readonly attentionBytes?: number | undefined;
}

/** The interface that an op's emission rule writes to; `lower.ts` implements it. */
export interface GraphBuilder {
  /** False where the provider lacks the com.microsoft matmul with transposed operands. */
  readonly hasFusedMatMul: boolean;
  /**
   * As in `GradientForm`. The forward pass also follows this option when gradients share nodes with the forward pass.
   */
  readonly fewNodes: boolean;
  /** Type of the op's floating-point inputs and of its result. */
  readonly floatType: 'float32' | 'float16';
  node(op: string, inputs: readonly string[], attributes?: Attributes, domain?: string): string;
  /** Adds a node with several outputs; returns the names of the outputs. */
  nodeWithOutputs(
    op: string,
    inputs: readonly string[],
    options: { attributes?: Attributes; outputs: number },
  ): string[];
  /** Returns the names that `make` returned; `make` is called only once for each key. */
  shared(key: string, make: () => string[]): string[];
  /** A constant in `floatType`. */
  floats(values: Float32Array | readonly number[], shape?: Shape): string;
  /** Constants that configure an op; always float32. */
  settings(values: readonly number[]): string;
  cast(value: string, type: 'float32' | 'float16'): string;
  integers(values: readonly number[], shape?: Shape): string;
}

export type Attributes = Readonly<
  Record<string, { int: number } | { float: number } | { ints: readonly number[] } | { string: string }>
>;

let lastId = 0;
let openSegment: number | undefined;

/** Creates a node. Only this function assigns ids. */
export function createTensor(shape: Shape, dtype: DType, source: Source): Tensor {
  lastId += 1;
  return { id: lastId, shape, dtype, source, segment: source.kind === 'op' ? openSegment : undefined };
}

/** A value that the caller feeds at each run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
  return createTensor(checkShape(shape, `input ${name}`), dtype, { kind: 'input', name });
}

/** A constant number, or a constant array with a shape. */
export function constant(data: number | Float32Array, shape?: Shape): Tensor {
  const values = typeof data === 'number' ? Float32Array.of(data) : data;
  const resolved = shape ?? (typeof data === 'number' ? [] : [values.length]);
  if (elementCount(resolved) !== values.length) {
    throw new Error(
      `constant: expected ${elementCount(resolved)} values for ${formatShape(resolved)}, got ${values.length}`,
    );
  }
  return createTensor(resolved, 'float32', { kind: 'constant', data: values });
}

/** Runs `build` inside a new checkpointed block; blocks do not nest (the outer one wins). */
export function inSegment<T>(build: () => T): T {
  if (openSegment !== undefined) return build();
  lastId += 1;
  openSegment = lastId;
  try {
    return build();
  } finally {
    openSegment = undefined;
  }
}

export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** The tensor's name for error messages, or its op where it has no name. */
export function describeTensor(tensor: Tensor): string {
  const { source } = tensor;
  const label =
    source.kind === 'op'
      ? `result of ${source.node.name}`
      : source.kind === 'constant'
        ? 'constant'
        : `${source.kind} ${source.name}`;
  return `${label} ${formatShape(tensor.shape)}`;
}

export function checkShape(shape: Shape, what: string): Shape {
  if (!shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new Error(`${what}: expected positive integer sizes, got ${formatShape(shape)}`);
  }
  return shape;
}
