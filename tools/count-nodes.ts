/**
 * Counts what an update of a U-Net runs, by operator: nodes, and the bytes that they read and write. Nothing is run.
 * `npx tsx tools/count-nodes.ts --help` has the options.
 */
import { parseArgs } from 'node:util';
import { knownTensor } from '../packages/autodiff/src/estimate/estimate-graph.ts';
import { type KnownValue, NODE_RULES } from '../packages/autodiff/src/estimate/node-rules.ts';
import type { OnnxGraph } from '../packages/autodiff/src/onnx/model.ts';
import { elementCount } from '../packages/autodiff/src/tensor.ts';
import { MODELS, type StepOptions, stepGraphs } from './step-graphs.ts';

const HELP = `npx tsx tools/count-nodes.ts [--model ${Object.keys(MODELS).join('|')}] [--batch N] [--device cpu|cuda|webgpu] [--precision float32|float16] [--attention-mib N]`;

interface Count {
  nodes: number;
  bytes: number;
}

/** Operators that give their input's memory another name: they are counted, and move nothing. */
const RENAMING = new Set(['Reshape', 'Identity']);

/** Nodes that run and their bytes, by operator; half is 2 bytes an element. */
export function countNodes(graph: OnnxGraph): Map<string, Count> {
  const values = new Map<string, KnownValue & { width: number }>();
  for (const { name, shape } of graph.inputs) values.set(name, { shape, width: 4 });
  for (const tensor of graph.initializers) values.set(tensor.name, { ...knownTensor(tensor), width: 4 });
  const folded = new Set(graph.initializers.map(({ name }) => name));
  const counts = new Map<string, Count>();
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)));
    const rule = NODE_RULES[node.op]!;
    const shape = rule.shape({ node, inputs });
    const [first] = inputs;
    const to = node.attributes?.to;
    const width = to !== undefined && 'int' in to ? (to.int === 10 ? 2 : 4) : (first?.width ?? 4);
    const output = node.outputs[0]!;
    values.set(output, { shape, width });
    for (const other of node.outputs.slice(1)) values.set(other, { shape: rule.others!(shape), width: 4 });
    if (node.inputs.every((name) => name === '' || folded.has(name))) {
      folded.add(output);
      continue;
    }
    const count = counts.get(node.op) ?? { nodes: 0, bytes: 0 };
    const isRenaming = RENAMING.has(node.op);
    const read = inputs.reduce((total, input) => total + (input ? input.width * elementCount(input.shape) : 0), 0);
    counts.set(node.op, {
      nodes: count.nodes + 1,
      bytes: count.bytes + (isRenaming ? 0 : read + width * elementCount(shape)),
    });
  }
  return counts;
}

function table(title: string, counts: ReadonlyMap<string, Count>): string {
  const rows = [...counts].sort(([, a], [, b]) => b.nodes - a.nodes);
  const total = rows.reduce((sum, [, { nodes, bytes }]) => ({ nodes: sum.nodes + nodes, bytes: sum.bytes + bytes }), {
    nodes: 0,
    bytes: 0,
  });
  const renaming = rows.reduce((sum, [op, { nodes }]) => sum + (RENAMING.has(op) ? nodes : 0), 0);
  const line = (op: string, { nodes, bytes }: Count) =>
    `${op.padEnd(24)}${String(nodes).padStart(8)}${(bytes / 1e6).toFixed(1).padStart(12)}`;
  return [
    `${title.padEnd(24)}${'nodes'.padStart(8)}${'MB'.padStart(12)}`,
    ...rows.map(([op, count]) => line(op, count)),
    line('all', total),
    line('all but Reshape', { ...total, nodes: total.nodes - renaming }),
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'tiny' },
      batch: { type: 'string', default: '16' },
      device: { type: 'string', default: 'cuda' },
      precision: { type: 'string', default: 'float32' },
      'attention-mib': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) console.log(HELP);
  else {
    const { model, batch, device, precision, 'attention-mib': mebibytes } = values;
    const options = { model, batch: Number(batch), device, precision } as StepOptions;
    const attentionBytes = mebibytes === undefined ? undefined : Number(mebibytes) * 2 ** 20;
    const { step, optimizer } = await stepGraphs({ ...options, ...(attentionBytes && { attentionBytes }) });
    console.log(table('step', countNodes(step)));
    if (optimizer) console.log(`\n${table('optimizer', countNodes(optimizer))}`);
  }
}
