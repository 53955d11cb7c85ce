/**
 * Estimates against what the runtime does: shapes, order of execution, memory of a graph that can be counted by hand.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  attention,
  checkpoint,
  conv2d,
  gelu,
  groupNorm,
  layerNorm,
  linear,
  mean,
  type ParameterScope,
  reshape,
  silu,
  square,
  type Tensor,
  transpose,
  upsampleNearest2x,
} from '../index.ts';
import { encodeModel } from '../onnx/encode.ts';
import { createSession } from '../runtime/index.ts';
import { DISABLED_OPTIMIZERS, traceTrainingStep } from '../train/trace-training-step.ts';
import { estimateGraph } from './estimate-graph.ts';
import { executionOrder } from './execution-order.ts';

/** Something of everything that a U-Net is made of: [2, 4, 8, 8] -> scalar. */
function network(p: ParameterScope, x: Tensor, { recompute }: { recompute: boolean }): Tensor {
  let h = conv2d(x, p.get('in', [8, 4, 3, 3]), p.get('in.bias', [8]), { padding: 1 });
  for (let layer = 0; layer < 3; layer++) {
    const at = p.at(`${layer}`);
    const block = (t: Tensor): Tensor => {
      const n = silu(groupNorm(t, at.get('g.weight', [8]), at.get('g.bias', [8]), { groups: 2 }));
      const c = conv2d(n, at.get('conv', [8, 8, 3, 3]), at.get('conv.bias', [8]), { padding: 1 });
      const tokens = transpose(reshape(c, [2, 8, 64]), [0, 2, 1]);
      const normed = layerNorm(tokens, at.get('n.weight', [8]), at.get('n.bias', [8]));
      const query = linear(normed, at.get('q', [8, 8]));
      const mixed = attention(query, normed, normed, { heads: 2, maxWeightBytes: 4 * 64 * 64 });
      return reshape(transpose(gelu(linear(mixed, at.get('o', [8, 8]))), [0, 2, 1]), [2, 8, 8, 8]);
    };
    h = recompute ? checkpoint(block, h) : block(h);
  }
  const down = conv2d(upsampleNearest2x(h), p.get('down', [8, 8, 3, 3]), undefined, { stride: 2, padding: 1 });
  return mean(square(down));
}

const traceNetwork = (recompute: boolean) =>
  traceTrainingStep({
    name: 'network',
    inputs: { x: { shape: [2, 4, 8, 8] } },
    trainable: () => true,
    loss: (p, { x }) => ({ loss: network(p, x, { recompute }) }),
    form: { hasFusedMatMul: true, fewNodes: false },
  }).lowered.graph;

test.each([false, true])('the order is that of the runtime, recomputation: %s', async (recompute) => {
  const graph = traceNetwork(recompute);
  const folder = mkdtempSync(join(tmpdir(), 'heed-order-'));
  try {
    const session = await createSession(encodeModel(graph), {
      graphOptimization: 'basic',
      disabledOptimizers: DISABLED_OPTIMIZERS,
      threads: 1,
      profilePrefix: join(folder, 'order'),
    });
    const binding = session.createBinding();
    for (const { name, shape } of [...graph.inputs, ...graph.outputs]) {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1);
      const tensor = { type: 'float32', shape, data } as const;
      if (graph.inputs.some((input) => input.name === name)) binding.bindInput(name, tensor);
      else binding.bindOutput(name, tensor);
    }
    await binding.run();
    binding.dispose();
    const events: { cat: string; name: string; ts: number }[] = JSON.parse(
      readFileSync(session.endProfiling(), 'utf8'),
    );
    session.dispose();
    const ran = events
      .filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'))
      .sort((a, b) => a.ts - b.ts)
      .map(({ name }) => name.replace(/_kernel_time$/, ''));
    const nodes = graph.nodes.filter(({ op }) => op !== 'Identity');
    const expected = executionOrder(nodes).map((index) => nodes[index]!.name!);
    // Optimizers fold constants and rename what they fuse; what is left must come in the same order.
    const common = expected.filter((name) => ran.includes(name));
    expect(common.length).toBeGreaterThan(0.8 * expected.length);
    expect(ran.filter((name) => common.includes(name))).toEqual(common);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('recomputation needs less memory and more work', () => {
  const [kept, again] = [estimateGraph(traceNetwork(false)), estimateGraph(traceNetwork(true))];
  expect(again.peakBytes).toBeLessThan(kept.peakBytes);
  expect(again.flops.convolution).toBeGreaterThan(kept.flops.convolution);
});

test('a graph that can be counted by hand', () => {
  const { lowered } = traceTrainingStep({
    name: 'product',
    inputs: { x: { shape: [4, 16] } },
    trainable: () => true,
    loss: (p, { x }) => ({ loss: mean(square(linear(x, p.get('w', [32, 16])))) }),
    form: { hasFusedMatMul: true, fewNodes: false },
  });
  const { flops, peakBytes, atPeak } = estimateGraph(lowered.graph);
  // y = x W^T and dW = dy^T x.
  expect(flops).toEqual({ convolution: 0, matmul: 2 * (2 * 4 * 16 * 32), attention: 0 });
  const y = 4 * 4 * 32;
  // y, its gradient and what becomes of it, and scalars.
  expect(peakBytes).toBeGreaterThanOrEqual(2 * y);
  expect(peakBytes).toBeLessThan(4 * y);
  expect(atPeak.values[0]!.bytes).toBe(y);
  const withGradients = estimateGraph(lowered.graph, { outputs: 'counted' });
  expect(withGradients.peakBytes).toBeGreaterThanOrEqual(4 * 32 * 16);
});
