/**
 * The order in which ONNX Runtime will execute a graph's nodes: reverse depth-first search from the last leaf node. Of
 * a node's inputs, the search visits first the one whose producer is latest in the node list
 * (core/graph/graph_viewer.cc, Graph::ReverseDFSFrom).
 */
import type { OnnxNode } from '../onnx/model.ts';

/** Returns the indices into `nodes` in the order in which ONNX Runtime will execute the nodes. */
export function executionOrder(nodes: readonly OnnxNode[]): number[] {
  const producer = new Map<string, number>();
  nodes.forEach(({ outputs }, index) => {
    for (const name of outputs) producer.set(name, index);
  });
  const hasConsumer = new Set<number>();
  const producers = nodes.map(({ inputs }) => {
    const found = [...new Set(inputs.flatMap((name) => producer.get(name) ?? []))].sort((a, b) => a - b);
    for (const index of found) hasConsumer.add(index);
    return found;
  });
  const order: number[] = [];
  const visited = new Set<number>();
  const stack: { index: number; leaving: boolean }[] = nodes.flatMap((_, index) =>
    hasConsumer.has(index) ? [] : [{ index, leaving: false }],
  );
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    if (entry.leaving) {
      order.push(entry.index);
      continue;
    }
    if (visited.has(entry.index)) continue;
    visited.add(entry.index);
    stack.push({ index: entry.index, leaving: true });
    for (const index of producers[entry.index]!) if (!visited.has(index)) stack.push({ index, leaving: false });
  }
  return order;
}
