/**
 * Lowering: from symbolic tensors to one ONNX graph. ONNX Runtime executes in the order of node indices as far as
 * data allows, so the order written here decides peak memory (docs/architecture.md, "Order is memory").
 */
import { ancestors } from './gradient.ts';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from './onnx/model.ts';
import type { ParameterValues } from './parameters.ts';
import { type Attributes, elementCount, type GraphBuilder, type Shape, type Tensor } from './tensor.ts';

export interface LoweredGraph {
  readonly graph: OnnxGraph;
  /** Inputs and parameters that the results really depend on. */
  readonly inputs: readonly Tensor[];
  readonly parameters: readonly Tensor[];
}

/**
 * Writes the graph of `outputs`. `deferred` outputs (weight gradients) get their nodes at the end of the list in
 * the order given, which makes the runtime compute each one right after the values it needs exist.
 * `baked` parameters become initializers; others become graph inputs.
 */
export function lowerGraph({
  name,
  outputs,
  deferred = new Set(),
  baked,
  hasFusedMatMul,
}: {
  name: string;
  outputs: ReadonlyMap<string, Tensor>;
  deferred?: ReadonlySet<string>;
  baked?: ParameterValues | undefined;
  hasFusedMatMul: boolean;
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

  const writer = createWriter(hasFusedMatMul);
  const nameOf = new Map<number, string>();
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
  const emit = (tensor: Tensor) => {
    const { source } = tensor;
    if (source.kind === 'constant') nameOf.set(tensor.id, writer.builder.floats(source.data, tensor.shape));
    if (source.kind !== 'op') return;
    const names = source.node.inputs.map((x) => nameOf.get(x.id)!);
    nameOf.set(tensor.id, source.node.emit(writer.builder, names, tensor));
  };
  for (const tensor of reachable) if (!isLeaf(tensor)) emit(tensor);
  for (const tensor of outputs.values()) if (isLeaf(tensor) && !nameOf.has(tensor.id)) emit(tensor);

  const graphOutputs: OnnxValue[] = [];
  for (const [key, tensor] of outputs) {
    writer.nodes.push({ op: 'Identity', inputs: [nameOf.get(tensor.id)!], outputs: [key] });
    graphOutputs.push({ name: key, type: tensor.dtype, shape: tensor.shape });
  }
  return {
    graph: { name, inputs: graphInputs, outputs: graphOutputs, initializers: writer.initializers, nodes: writer.nodes },
    inputs,
    parameters,
  };
}

function createWriter(hasFusedMatMul: boolean): {
  builder: GraphBuilder;
  nodes: OnnxNode[];
  initializers: OnnxTensor[];
} {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  const known = new Map<string, OnnxTensor[]>();
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
  const builder: GraphBuilder = {
    hasFusedMatMul,
    node(op, inputs, attributes: Attributes = {}, domain) {
      count += 1;
      const output = `v${count}`;
      const node = {
        op,
        name: `${op}_${count}`,
        inputs,
        outputs: [output],
        attributes: attributes as Record<string, OnnxAttribute>,
      };
      nodes.push(domain === undefined ? node : { ...node, domain });
      return output;
    },
    floats(values, shape) {
      const data = values instanceof Float32Array ? values : Float32Array.from(values);
      const resolved = shape ?? [data.length];
      if (elementCount(resolved) !== data.length)
        throw new Error(`graph constant: expected ${elementCount(resolved)} values, got ${data.length}`);
      return store('float32', resolved, bytesOf(data));
    },
    integers: (values, shape) => store('int64', shape ?? [values.length], bytesOf(BigInt64Array.from(values, BigInt))),
  };
  return { builder, nodes, initializers };
}

function bytesOf(array: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
