/** Gradients in the runtime's memory against gradients in arrays of ours. */
import { expect, test } from 'vitest';
import { createRandom, linear, meanSquaredError, type Tensor } from '../index.ts';
import { encodeModel } from '../onnx/encode.ts';
import { createSession } from '../runtime/index.ts';
import { bindGradients } from './gradient-memory.ts';
import { traceTrainingStep } from './trace-training-step.ts';

test('both memories hold the same numbers, and the lent one can be given back between runs', async () => {
  const { lowered, trained, gradientKey } = traceTrainingStep({
    name: 'network',
    inputs: { x: { shape: [8, 4] }, y: { shape: [8, 3] } },
    trainable: () => true,
    loss: (p, { x, y }: { x: Tensor; y: Tensor }) => ({
      loss: meanSquaredError(linear(x, p.get('w', [3, 4]), p.get('b', [3])), y),
    }),
    form: { hasFusedMatMul: true, fewNodes: false },
  });
  const session = await createSession(encodeModel(lowered.graph), { threads: 1 });
  const random = createRandom(5);
  const feeds = lowered.graph.inputs.map(({ name, shape }) => {
    const data = random.fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1)));
    return { name, tensor: { type: 'float32', shape, data } as const };
  });
  const bind = (maxKeptBytes: number) => {
    const binding = session.createBinding();
    for (const { name, tensor } of feeds) binding.bindInput(name, tensor);
    binding.bindOutput('metric:loss', { type: 'float32', shape: [], data: new Float32Array(1) });
    return { binding, memory: bindGradients(binding, { trained, keyOf: gradientKey, maxKeptBytes }) };
  };
  const [kept, lent] = [bind(2 ** 20), bind(0)];
  for (let run = 0; run < 3; run++) {
    await kept.binding.run();
    await lent.binding.run();
    const copies = [...lent.memory.read()].map(([name, data]) => [name, data.slice()]);
    expect(copies).toEqual([...kept.memory.read()]);
    lent.memory.release();
    lent.memory.release();
  }
  session.dispose();
});
