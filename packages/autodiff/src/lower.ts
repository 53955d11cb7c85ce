/**
 * Lowering: writes symbolic tensors as one ONNX graph. ONNX Runtime executes nodes in the order of their indices as far
 * as data dependencies allow. The order written here therefore decides peak memory (docs/design/engine.md).
 */
import { ancestors } from './gradient.ts';
import { ELEMENT_TYPES } from './onnx/element-type.ts';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './onnx/model.ts';
import type { ParameterValues } from './parameters.ts';
import { type Precision, placeOps } from './precision.ts';
import {
  type Attributes,
  elementCount,
  type GradientForm,
  type GraphBuilder,
  type Shape,
  sameShape,
  type Tensor,
} from './tensor.ts';

/** A device's capabilities and preferences, for ops that can be lowered to different ONNX nodes. */
export interface LoweringForm extends GradientForm {
  /**
   * Whether the device has com.microsoft's fused operators for products and attention: FusedMatMul, MultiHeadAttention.
   */
  readonly hasFusedMatMul: boolean;
  /** Whether the device's softmax kernel accepts float16 and sums in float32. */
  readonly hasHalfSoftmax?: boolean;
}

export interface LoweredGraph {
  readonly graph: OnnxGraph;
  /** Placeholders of the inputs on which the outputs depend. */
  readonly inputs: readonly Tensor[];
  readonly parameters: readonly Tensor[];
}

/**
 * Writes the ONNX graph that computes `outputs`. Nodes of `deferred` outputs (weight gradients) come at the end of the
 * node list, in the order given. ONNX Runtime then computes each deferred output as soon as its inputs exist. `baked`
 * parameters become initializers; other parameters become graph inputs. With `precision` float16, most ops compute in
 * float16 (`precision.ts`); graph inputs and outputs stay float32.
 */
export function lowerGraph({
  name,
  outputs,
  deferred = new Set(),
  baked,
  form,
  precision = 'float32',
}: {
  name: string;
  outputs: ReadonlyMap<string, Tensor>;
  deferred?: ReadonlySet<string>;
  baked?: ParameterValues | undefined;
  form: LoweringForm;
  precision?: Precision;
}): LoweredGraph {
  const reachable = ancestors(...outputs.values()).sort((a, b) => a.id - b.id);
  const needed = new Set(
    ancestors(...[...outputs].filter(([key]) => !deferred.has(key)).map(([, tensor]) => tensor)).map((t) => t.id),
  );
  const leaves = new Set([...outputs].filter(([key]) => deferred.has(key)).map(([, tensor]) => tensor.id));
  const usedByOthers = new Set(
    reachable.flatMap((t) => (t.source.kind === 'op' ? t.source.node.inputs.map((x) => x.id) : [])),
  );
  const isLeaf = (t: Tensor) => leaves.has(t.id) && !usedByOthers.has(t.id) && !needed.has(t.id);

  const writer = createWriter(form);
  const placementOf = placeOps(reachable, precision, form);
  const nameOf = new Map<number, string>();
  /** By tensor id, the name of the value after conversion to the other float type (float16 or float32). */
  const converted = new Map<number, string>();
  const inputs = reachable.filter((t) => t.source.kind === 'input');
  const parameters = reachable.filter((t) => t.source.kind === 'parameter');
  const graphInputs: OnnxValue[] = [];
  for (const tensor of [...inputs, ...parameters]) {
    const { source } = tensor;
    if (source.kind !== 'input' && source.kind !== 'parameter') continue;
    const value = source.kind === 'parameter' ? baked?.get(source.name) : undefined;
    const valueName = `${source.kind}:${source.name}`;
    nameOf.set(tensor.id, valueName);
    if (value)
      writer.initializers.push({ name: valueName, type: 'float32', shape: tensor.shape, data: bytesOf(value.data) });
    else graphInputs.push({ name: valueName, type: tensor.dtype, shape: tensor.shape });
  }
  const valueAs = (tensor: Tensor, type: Precision): string => {
    const { source } = tensor;
    if (source.kind === 'constant') return writer.floats(source.data, tensor.shape, type);
    const name = nameOf.get(tensor.id)!;
    if (tensor.dtype !== 'float32' || placementOf(tensor).result === type) return name;
    const known = converted.get(tensor.id) ?? writer.cast(name, type);
    converted.set(tensor.id, known);
    return known;
  };
  const emit = (tensor: Tensor) => {
    const { source } = tensor;
    if (source.kind !== 'op') return;
    const { compute, result } = placementOf(tensor);
    const names = source.node.inputs.map((x) => valueAs(x, compute));
    const name = source.node.emit(writer.builderFor(compute), names, tensor);
    const kept = compute === result ? name : writer.cast(name, result);
    nameOf.set(tensor.id, kept);
    writer.shapes.set(kept, tensor.shape);
  };
  for (const tensor of reachable) if (!isLeaf(tensor)) emit(tensor);
  for (const tensor of outputs.values()) if (isLeaf(tensor) && !nameOf.has(tensor.id)) emit(tensor);

  const graphOutputs: OnnxValue[] = [];
  for (const [key, tensor] of outputs) {
    writer.nodes.push({ op: 'Identity', inputs: [valueAs(tensor, 'float32')], outputs: [key] });
    graphOutputs.push({ name: key, type: tensor.dtype, shape: tensor.shape });
  }
  const keys = new Set(outputs.keys());
  const nodes = form.fewNodes ? nameOutputs(withoutUnused(writer.nodes, keys), keys) : writer.nodes;
  return {
    graph: { name, inputs: graphInputs, outputs: graphOutputs, initializers: writer.initializers, nodes },
    inputs,
    parameters,
  };
}

/** Removes the nodes whose values no other node and no output uses. */
function withoutUnused(nodes: readonly OnnxNode[], outputs: ReadonlySet<string>): OnnxNode[] {
  const read = new Set(outputs);
  const kept: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => read.has(name))) continue;
    for (const name of node.inputs) read.add(name);
    kept.push(node);
  }
  return kept.reverse();
}

/**
 * Renames each value to its output name, so that no Identity node has to copy it. If a value has several output names,
 * Identity nodes copy the value to the others.
 */
function nameOutputs(nodes: readonly OnnxNode[], outputs: ReadonlySet<string>): OnnxNode[] {
  const computed = new Set(nodes.flatMap((node) => node.outputs));
  const names = new Map<string, string>();
  const kept = nodes.filter(({ op, inputs, outputs: [output] }) => {
    const [value] = inputs;
    if (op !== 'Identity' || !outputs.has(output!) || !computed.has(value!) || names.has(value!)) return true;
    names.set(value!, output!);
    return false;
  });
  const named = (list: readonly string[]) => list.map((name) => names.get(name) ?? name);
  return kept.map((node) => ({ ...node, inputs: named(node.inputs), outputs: named(node.outputs) }));
}

interface Writer {
  builderFor(type: Precision): GraphBuilder;
  floats(values: Float32Array | readonly number[], shape: Shape | undefined, type: Precision): string;
  cast(value: string, type: Precision): string;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
  /** Maps a value's name to its shape, and an integer initializer's name to its contents. */
  shapes: Map<string, Shape>;
}

interface WriteOptions {
  attributes?: Attributes | undefined;
  domain?: string | undefined;
  outputs: number;
}

/** The largest finite half. */
const LARGEST_HALF = 65504;

function createWriter(form: LoweringForm): Writer {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const known = new Map<string, OnnxTensor[]>();
  const halves = new Map<string, string>();
  let count = 0;
  const store = (type: 'float32' | 'int64', shape: Shape, data: Uint8Array): string => {
    // Scalars, axes and shapes repeat a lot, and so do the long lists of what windows see: one initializer each.
    const key = type === 'int64' || data.length <= 128 ? `${type}|${shape.join()}` : undefined;
    const alike = key === undefined ? [] : (known.get(key) ?? []);
    const existing = alike.find((other) => Buffer.compare(other.data as Uint8Array, data) === 0);
    if (existing) return existing.name;
    count += 1;
    const tensor: OnnxTensor = { name: `c${count}`, type, shape, data };
    initializers.push(tensor);
    if (key !== undefined) known.set(key, [...alike, tensor]);
    return tensor.name;
  };
  const write = (op: string, inputs: readonly string[], { attributes = {}, domain, outputs }: WriteOptions) => {
    count += 1;
    const names = Array.from({ length: outputs }, (_, i) => (i === 0 ? `v${count}` : `v${count}.${i}`));
    const written = {
      op,
      name: `${op}_${count}`,
      inputs,
      outputs: names,
      attributes: attributes as Record<string, OnnxAttribute>,
    };
    nodes.push(domain === undefined ? written : { ...written, domain });
    return names;
  };
  const node: GraphBuilder['node'] = (op, inputs, attributes, domain) => {
    const one = (given: readonly string[]) => write(op, given, { attributes, domain, outputs: 1 })[0]!;
    return op === 'Reshape' && form.fewNodes ? reshapeOnce(inputs, one) : one(inputs);
  };
  const shapes = new Map<string, Shape>();
  const sources = new Map<string, string>();
  /** Reshapes a computed value with at most one node for each pair of value and shape. */
  const reshapeOnce = ([value, to]: readonly string[], one: (inputs: readonly string[]) => string) => {
    const source = sources.get(value!) ?? value!;
    const known = shapes.get(source);
    if (known !== undefined && sameShape(known, shapes.get(to!)!)) return source;
    const [name] = shared(`Reshape ${source} ${to}`, () => [one([source, to!])]);
    sources.set(name!, source);
    return name!;
  };
  const nodeWithOutputs: GraphBuilder['nodeWithOutputs'] = write;
  const made = new Map<string, string[]>();
  const shared: GraphBuilder['shared'] = (key, make) => {
    const names = made.get(key) ?? make();
    made.set(key, names);
    return names;
  };
  const cast = (value: string, type: Precision) => node('Cast', [value], { to: { int: ELEMENT_TYPES[type].code } });
  const floats: Writer['floats'] = (values, shape, type) => {
    const given = values instanceof Float32Array ? values : Float32Array.from(values);
    const data = type === 'float32' ? given : given.map((v) => Math.min(LARGEST_HALF, Math.max(-LARGEST_HALF, v)));
    const resolved = shape ?? [data.length];
    if (elementCount(resolved) !== data.length)
      throw new Error(`graph constant: expected ${elementCount(resolved)} values, got ${data.length}`);
    const name = store('float32', resolved, bytesOf(data));
    if (type === 'float32') return name;
    // The runtime folds it while it loads the graph.
    const half = halves.get(name) ?? cast(name, type);
    halves.set(name, half);
    return half;
  };
  const builderFor = (type: Precision): GraphBuilder => ({
    ...form,
    floatType: type,
    node,
    nodeWithOutputs,
    shared,
    cast,
    floats: (values, shape) => floats(values, shape, type),
    settings: (values) => floats(values, undefined, 'float32'),
    integers: (values, shape) => {
      const name = store('int64', shape ?? [values.length], bytesOf(BigInt64Array.from(values, BigInt)));
      shapes.set(name, values);
      return name;
    },
  });
  return { builderFor, floats, cast, nodes, initializers, shapes };
}

function bytesOf(array: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
