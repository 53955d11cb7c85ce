/**
 * Matrix products in float64, for statistics that need more precision than float32. A product runs one Gemm node in
 * ONNX Runtime directly, because heed's symbolic tensors (`tensor.ts`) are float32.
 */
import { createQueue } from '../one-at-a-time.ts';
import { encodeModel } from '../onnx/encode.ts';
import { createSession } from '../runtime/index.ts';
import { formatShape, type Shape } from '../tensor.ts';

export interface Float64ProductOptions {
  /** Shape of the left matrix in memory, before any transposition. */
  left: Shape;
  right: Shape;
  /** Whether to transpose the left matrix. */
  transposeLeft?: boolean;
  transposeRight?: boolean;
  /** Whether to add the product to a third matrix. */
  accumulate?: boolean;
  /** Number of threads; all cores by default. */
  threads?: number | undefined;
}

/** A compiled matrix product for matrices of fixed shapes. */
export interface Float64Product {
  /** Shape of the result. */
  readonly shape: Shape;
  /**
   * Computes `left` x `right` (+ `sum`) in row-major order into `into` or a new array; `into` must not be one of the
   * inputs. Calls are queued.
   */
  run(
    operands: {
      left: Float64Array;
      right: Float64Array;
      sum?: Float64Array | undefined;
      into?: Float64Array | undefined;
    },
    options?: { signal?: AbortSignal | undefined },
  ): Promise<Float64Array>;
  dispose(): void;
}

/** Compiles a matrix product for the CPU. Throws when the two shapes do not fit. */
export async function createFloat64Product({
  left,
  right,
  transposeLeft = false,
  transposeRight = false,
  accumulate = false,
  threads,
}: Float64ProductOptions): Promise<Float64Product> {
  const [rows, inner] = transposeLeft ? [left[1]!, left[0]!] : [left[0]!, left[1]!];
  const [depth, columns] = transposeRight ? [right[1]!, right[0]!] : [right[0]!, right[1]!];
  if (left.length !== 2 || right.length !== 2 || inner !== depth) {
    throw new Error(
      `float64 product: expected matrices that fit, got ${formatShape(left)}${transposeLeft ? ' transposed' : ''} and ${formatShape(right)}${transposeRight ? ' transposed' : ''}`,
    );
  }
  const shape = [rows, columns];
  const type = 'float64' as const;
  const inputs = [
    { name: 'left', type, shape: left },
    { name: 'right', type, shape: right },
    ...(accumulate ? [{ name: 'sum', type, shape }] : []),
  ];
  const model = encodeModel({
    name: 'float64 product',
    inputs,
    outputs: [{ name: 'product', type, shape }],
    initializers: [],
    nodes: [
      {
        op: 'Gemm',
        inputs: inputs.map(({ name }) => name),
        outputs: ['product'],
        attributes: { transA: { int: transposeLeft ? 1 : 0 }, transB: { int: transposeRight ? 1 : 0 } },
      },
    ],
  });
  const session = await createSession(model, threads === undefined ? {} : { threads });
  const binding = session.createBinding();
  const inTurn = createQueue();
  return {
    shape,
    run: (operands, { signal } = {}) =>
      inTurn(async () => {
        const { into = new Float64Array(rows * columns) } = operands;
        for (const { name, shape: of } of inputs) {
          const data = operands[name as 'left' | 'right' | 'sum'];
          if (data === undefined) throw new Error(`float64 product: expected a matrix ${name}, got none`);
          if (data === into) throw new Error(`float64 product: expected another array for the result, got ${name}`);
          binding.bindInput(name, { type, shape: of, data });
        }
        binding.bindOutput('product', { type, shape, data: into });
        await binding.run(signal ? { signal } : {});
        return into;
      }),
    dispose() {
      binding.dispose();
      session.dispose();
    },
  };
}
