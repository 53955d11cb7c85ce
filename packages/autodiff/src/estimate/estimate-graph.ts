/**
 * Estimates the cost of running a graph without running it: the peak memory of live values in ONNX Runtime's order of
 * execution, and the amount of work of each kind. The estimate does not read the values of weights.
 */
import { ELEMENT_TYPES } from '../onnx/element-type.ts';
import type { OnnxGraph, OnnxNode, OnnxTensor } from '../onnx/model.ts';
import { elementCount } from '../tensor.ts';
import { executionOrder } from './execution-order.ts';
import { type KnownValue, NODE_RULES, type NodeRule, type WorkKind } from './node-rules.ts';

export interface GraphEstimate {
  /** Peak bytes of live computed values, including outputs. Memory of weights and inputs is not counted. */
  readonly peakBytes: number;
  /** The node that runs at the memory peak, and the values in memory then, largest first. */
  readonly atPeak: { readonly node: string; readonly values: readonly { name: string; bytes: number }[] };
  /** Floating-point operations for each kind of work; a multiply-add is two operations. */
  readonly flops: Readonly<Record<Exclude<WorkKind, 'elementwise'>, number>>;
  /** Bytes that nodes of the kind `elementwise` read and write. */
  readonly elementwiseBytes: number;
  readonly nodes: number;
}

interface Buffer {
  readonly bytes: number;
  readonly label: string;
  users: number;
}

/**
 * Estimates one run of a graph on the CPU. With `outputs: 'own'`, the results go into buffers of the caller, which the
 * estimate leaves out. With `outputs: 'counted'`, the run allocates memory for the results, which the estimate
 * includes.
 */
export function estimateGraph(
  graph: OnnxGraph,
  { outputs = 'own' }: { outputs?: 'own' | 'counted' } = {},
): GraphEstimate {
  const names = new Set(graph.outputs.map(({ name }) => name));
  const results = new Set(graph.nodes.flatMap((node) => (isOutput(node, names) ? node.inputs : [])));
  const nodes = withoutOutputNames(graph.nodes);
  const order = executionOrder(nodes);
  const walk = { graph, nodes, order, results, outputs };
  const { peakStep, ...found } = walkThrough(walk);
  // Live values are listed in a second pass, when the peak's step is known.
  return { ...found, atPeak: walkThrough({ ...walk, describeAt: peakStep }).atPeak, nodes: nodes.length };
}

function walkThrough({
  graph,
  nodes,
  order,
  results,
  outputs,
  describeAt,
}: {
  graph: OnnxGraph;
  nodes: readonly OnnxNode[];
  order: readonly number[];
  results: ReadonlySet<string>;
  outputs: 'own' | 'counted';
  describeAt?: number;
}): Omit<GraphEstimate, 'nodes'> & { peakStep: number } {
  const values = new Map<string, KnownValue>();
  for (const { name, shape } of graph.inputs) values.set(name, { shape });
  for (const tensor of graph.initializers) values.set(tensor.name, knownTensor(tensor));
  const buffers = new Map<string, Buffer>();
  const uses = new Map<string, number>();
  for (const { inputs } of nodes) for (const name of inputs) uses.set(name, (uses.get(name) ?? 0) + 1);

  let live = 0;
  let peakBytes = 0;
  let peakStep = 0;
  let atPeak: GraphEstimate['atPeak'] = { node: '', values: [] };
  const flops = { convolution: 0, matmul: 0, attention: 0 };
  let elementwiseBytes = 0;
  for (const [step, index] of order.entries()) {
    const node = nodes[index]!;
    const rule = ruleOf(node);
    const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)));
    const context = { node, inputs };
    const shape = rule.shape(context);
    const output = node.outputs[0]!;
    values.set(output, { shape });
    for (const other of node.outputs.slice(1)) values.set(other, { shape: rule.others!(shape) });
    const bytes = 4 * elementCount(shape);
    const users = (uses.get(output) ?? 0) + (results.has(output) ? 1 : 0);
    // A result in the caller's buffer uses no memory of the run.
    const isElsewhere =
      (outputs === 'own' && results.has(output)) || (rule.memory === 'alias' && !buffers.has(node.inputs[0]!));
    const shared = isElsewhere ? undefined : sharedBuffer(node, rule, { buffers, bytes });
    if (shared) {
      shared.users += users;
      buffers.set(output, shared);
    } else if (!isElsewhere) {
      buffers.set(output, { bytes, users, label: `${node.name ?? node.op} [${shape.join(', ')}]` });
      live += bytes;
    }
    const workspace = rule.workspaceBytes?.({ ...context, output: shape }) ?? 0;
    if (live + workspace > peakBytes) {
      peakBytes = live + workspace;
      peakStep = step;
    }
    if (step === describeAt) atPeak = { node: node.name ?? node.op, values: describe(buffers) };
    for (const name of node.inputs) {
      const buffer = buffers.get(name);
      if (buffer === undefined) continue;
      buffer.users -= 1;
      if (buffer.users === 0) live -= buffer.bytes;
    }
    if (rule.kind !== undefined && rule.kind !== 'elementwise') {
      flops[rule.kind] += rule.flops?.({ ...context, output: shape }) ?? 0;
    } else if (rule.memory !== 'alias') {
      elementwiseBytes += inputs.reduce((total, input) => total + (input ? 4 * elementCount(input.shape) : 0), bytes);
    }
  }
  return { peakBytes, peakStep, atPeak, flops, elementwiseBytes };
}

function ruleOf(node: OnnxNode): NodeRule {
  const rule = NODE_RULES[node.op];
  if (rule === undefined) throw new Error(`estimate: expected an operator of the table, got ${node.op}`);
  return rule;
}

function isOutput({ op, outputs }: OnnxNode, names: ReadonlySet<string>): boolean {
  return op === 'Identity' && names.has(outputs[0]!);
}

/**
 * Removes the Identity nodes that only give an output its name, as ONNX Runtime does. The node that computes the output
 * then becomes a leaf of the graph.
 */
function withoutOutputNames(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  return nodes.filter(({ op, outputs }) => op !== 'Identity' || used.has(outputs[0]!));
}

/** Returns the buffer of an input that this node's result may reuse; undefined if there is none. */
function sharedBuffer(
  node: OnnxNode,
  rule: NodeRule,
  { buffers, bytes }: { buffers: ReadonlyMap<string, Buffer>; bytes: number },
): Buffer | undefined {
  if (rule.memory === 'alias') return buffers.get(node.inputs[0]!);
  if (rule.memory !== 'reuse') return undefined;
  for (const name of node.inputs) {
    const buffer = buffers.get(name);
    // Its only remaining user is this node.
    const own = node.inputs.filter((other) => other === name).length;
    if (buffer && buffer.bytes === bytes && buffer.users === own) return buffer;
  }
  return undefined;
}

function describe(buffers: ReadonlyMap<string, Buffer>): { name: string; bytes: number }[] {
  const alive = [...new Set(buffers.values())].filter(({ users }) => users > 0);
  return alive
    .map(({ label, bytes }) => ({ name: label, bytes }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, 40);
}

/** Returns an initializer's shape, and also its values if these are integers. */
export function knownTensor({ shape, type, data }: OnnxTensor): KnownValue {
  if (type !== 'int64' || data === 'external') return { shape };
  const copy = data.slice();
  const numbers = Array.from(new BigInt64Array(copy.buffer, 0, copy.length / ELEMENT_TYPES.int64.bytes), Number);
  return { shape, numbers };
}
