/** Compiled functions: a traced model as an ONNX Runtime session that maps named arrays to named arrays. */

import { InputError } from './errors.ts';
import { type LoweringForm, lowerGraph } from './lower.ts';
import { createQueue } from './one-at-a-time.ts';
import { encodeModel } from './onnx/encode.ts';
import { createParameterScope, type ParameterScope, type ParameterValues } from './parameters.ts';
import type { Binding, Device } from './runtime/index.ts';
import { createSession, DEVICES, type PrecisionOption, resolvePrecision, takeTurn } from './runtime/index.ts';
import { type DType, elementCount, formatShape, input, type Shape, sameShape, type Tensor } from './tensor.ts';

export interface InputSpec {
  shape: Shape;
  dtype?: DType;
}

export type Feed = Float32Array | BigInt64Array;

export interface CompiledFunction<I extends string, O extends string> {
  /** Runs the function. Calls are queued. Results are new arrays. */
  run(feeds: Record<I, Feed>, options?: { signal?: AbortSignal }): Promise<Record<O, Float32Array>>;
  /** Resolves when all calls of `run` made so far have ended. */
  idle(): Promise<void>;
  /** Releases the session. Throws while a call of `run` is pending. */
  dispose(): void;
}

/**
 * Compiles `build` for fixed input shapes. By default the weights become constants of the session, which is faster.
 * With `liveParameters`, each run reads the weights from the arrays of `parameters`. On a GPU with `parametersChange`
 * false, only the first run reads the arrays. The default of `precision` is `auto`, and the default of `form` is the
 * device's lowering form.
 */
export async function compile<I extends string, O extends string>({
  name,
  inputs,
  parameters = new Map(),
  build,
  device = 'cpu',
  threads,
  liveParameters = false,
  parametersChange = true,
  precision,
  form = DEVICES[device].form,
}: {
  name: string;
  inputs: Record<I, InputSpec>;
  parameters?: ParameterValues;
  build: (p: ParameterScope, x: Record<I, Tensor>) => Record<O, Tensor>;
  device?: Device;
  threads?: number;
  liveParameters?: boolean;
  parametersChange?: boolean;
  precision?: PrecisionOption | undefined;
  form?: LoweringForm;
}): Promise<CompiledFunction<I, O>> {
  const { scope } = createParameterScope();
  const outputs = new Map<string, Tensor>(Object.entries<Tensor>(build(scope, traceInputs(inputs))));
  const lowered = lowerGraph({
    name,
    outputs,
    baked: liveParameters ? undefined : parameters,
    form,
    precision: await resolvePrecision(device, precision),
  });
  checkParameters(name, lowered.parameters, parameters);
  const session = await createSession(encodeModel(lowered.graph), {
    device,
    graphOptimization: 'all',
    ...(threads === undefined ? {} : { threads }),
  });
  const binding = session.createBinding();
  if (liveParameters) bindParameters(binding, lowered.parameters, parameters, { frozen: !parametersChange });
  const used = new Set(lowered.inputs.map(inputName));
  const inTurn = createQueue();

  const runOnce = async (feeds: Record<I, Feed>, signal: AbortSignal | undefined) => {
    bindFeeds(name, binding, inputs, feeds, used);
    const results = {} as Record<O, Float32Array>;
    for (const [key, tensor] of outputs) {
      const data = new Float32Array(elementCount(tensor.shape));
      binding.bindOutput(key, { type: 'float32', shape: tensor.shape, data });
      results[key as O] = data;
    }
    await binding.run(signal ? { signal } : {});
    return results;
  };
  return {
    run: (feeds, { signal } = {}) => inTurn(() => takeTurn(device, () => runOnce(feeds, signal))),
    idle: () => inTurn(async () => {}),
    dispose() {
      binding.dispose();
      session.dispose();
    },
  };
}

/** Creates a placeholder tensor for each input spec. */
export function traceInputs<I extends string>(specs: Record<I, InputSpec>): Record<I, Tensor> {
  const entries = Object.entries<InputSpec>(specs).map(([key, { shape, dtype }]) => [key, input(key, shape, dtype)]);
  return Object.fromEntries(entries) as Record<I, Tensor>;
}

export function inputName(tensor: Tensor): string {
  return tensor.source.kind === 'input' || tensor.source.kind === 'parameter' ? tensor.source.name : '';
}

/** Checks each fed array against its spec and binds it without a copy. */
export function bindFeeds<I extends string>(
  what: string,
  binding: Binding,
  specs: Record<I, InputSpec>,
  feeds: Record<I, Feed>,
  used: ReadonlySet<string>,
): void {
  for (const { key, dtype, shape, data } of checkFeeds(what, specs, feeds)) {
    if (used.has(key)) binding.bindInput(`input:${key}`, { type: dtype, shape, data });
  }
}

/** Checks each fed array against its spec. Returns the arrays with their specs. */
export function checkFeeds<I extends string>(
  what: string,
  specs: Record<I, InputSpec>,
  feeds: Record<I, Feed>,
): { key: I; dtype: DType; shape: Shape; data: Feed }[] {
  return Object.entries<InputSpec>(specs).map(([key, { shape, dtype = 'float32' }]) => {
    const data: Feed | undefined = feeds[key as I];
    const expected = `${dtype === 'int64' ? 'BigInt64Array' : 'Float32Array'} of ${elementCount(shape)} values for ${formatShape(shape)}`;
    const typed = dtype === 'int64' ? data instanceof BigInt64Array : data instanceof Float32Array;
    if (!data || !typed || data.length !== elementCount(shape)) {
      throw new Error(
        `${what}, input ${key}: expected a ${expected}, got ${data ? `${data.constructor.name} of ${data.length}` : 'nothing'}`,
      );
    }
    return { key: key as I, dtype, shape, data };
  });
}

/** Binds weights as graph inputs, without a copy. With `frozen`, a GPU gets the weights only once. */
export function bindParameters(
  binding: Binding,
  wanted: readonly Tensor[],
  values: ParameterValues,
  { frozen = false }: { frozen?: boolean } = {},
): void {
  for (const tensor of wanted) {
    const { shape, data } = values.get(inputName(tensor))!;
    binding.bindInput(`parameter:${inputName(tensor)}`, { type: 'float32', shape, data }, { frozen });
  }
}

/** Throws when a parameter is missing or does not have the shape that the model needs. */
export function checkParameters(what: string, wanted: readonly Tensor[], values: ParameterValues): void {
  for (const tensor of wanted) {
    const value = values.get(inputName(tensor));
    const expected = formatShape(tensor.shape);
    if (!value)
      throw new InputError(`${what}, parameter ${inputName(tensor)}: expected ${expected}, but it is missing`);
    if (!sameShape(value.shape, tensor.shape) || value.data.length !== elementCount(tensor.shape)) {
      throw new InputError(
        `${what}, parameter ${inputName(tensor)}: expected ${expected}, got ${formatShape(value.shape)} with ${value.data.length} values`,
      );
    }
  }
}
