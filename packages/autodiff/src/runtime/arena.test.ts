// Each session gets its own arena, also when several are made at once. The arena is freed with its session.
import { expect, it } from 'vitest';
import { encodeModel } from '../onnx/encode.ts';
import { createSession } from './index.ts';
import { float32, float32Value, graph } from './sample-graphs.ts';

const ELEMENTS = 64 * 2 ** 20;
const MEBIBYTE = 2 ** 20;

/** y = the sum of x + x, whose 256 MiB only the arena holds. */
const sumOfLarge = encodeModel(
  graph(
    [float32Value('x', [ELEMENTS])],
    [float32Value('y', [])],
    [
      { op: 'Add', inputs: ['x', 'x'], outputs: ['twice'] },
      { op: 'ReduceSum', inputs: ['twice'], outputs: ['y'], attributes: { keepdims: { int: 0 } } },
    ],
  ),
);

it('gives the memory of a session back with it', async () => {
  const x = new Float32Array(ELEMENTS).fill(2 ** -26);
  const sessions = await Promise.all([createSession(sumOfLarge), createSession(sumOfLarge)]);
  const residentMebibytes = () => process.memoryUsage.rss() / MEBIBYTE;
  const before = residentMebibytes();
  for (const session of sessions) {
    const y = new Float32Array(1);
    const binding = session.createBinding();
    binding.bindInput('x', float32([ELEMENTS], x));
    binding.bindOutput('y', float32([], y));
    await binding.run();
    expect(y[0]).toBeCloseTo(2, 5);
  }
  expect(residentMebibytes() - before).toBeGreaterThan(480);
  sessions[0]!.dispose();
  expect(residentMebibytes() - before).toBeLessThan(330);
  sessions[1]!.dispose();
  expect(residentMebibytes() - before).toBeLessThan(80);
});
