import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeModel } from '../onnx/encode.ts';
import { createSession, type Session } from './index.ts';
import { float32, float32Value, graph, matmulChain, recurrence } from './sample-graphs.ts';

const open: Session[] = [];
const load = async (...parameters: Parameters<typeof createSession>) => {
  const session = await createSession(...parameters);
  open.push(session);
  return session;
};
afterAll(() => {
  for (const session of open) session.dispose();
});

const adder = encodeModel(
  graph(
    [float32Value('x', [2]), float32Value('b', [2])],
    [float32Value('y', [2])],
    [{ op: 'Add', inputs: ['x', 'b'], outputs: ['y'] }],
  ),
);

const slow = async () => {
  const session = await load(encodeModel(matmulChain(512, 80)), { threads: 1 });
  const binding = session.createBinding();
  const y = new Float32Array(512 * 512);
  binding.bindInput('x', float32([512, 512], new Float32Array(512 * 512).fill(1 / 512)));
  binding.bindOutput('y', float32([512, 512], y));
  return { session, binding, y };
};

describe('Binding', () => {
  it('reads inputs where they lie at each run', async () => {
    const binding = (await load(adder)).createBinding();
    const x = Float32Array.of(1, 2);
    const y = new Float32Array(2);
    binding.bindInput('x', float32([2], x));
    binding.bindInput('b', float32([2], Float32Array.of(10, 20)));
    binding.bindOutput('y', float32([2], y));
    await binding.run();
    expect([...y]).toEqual([11, 22]);
    x.set([5, 6]);
    await binding.run();
    expect([...y]).toEqual([15, 26]);
    binding.bindInput('x', float32([2], Float32Array.of(-10, -20)));
    await binding.run();
    expect([...y]).toEqual([0, 0]);
  });

  it('writes an output into the array of its input', async () => {
    const binding = (await load(adder)).createBinding();
    const weights = Float32Array.of(1, 2);
    binding.bindInput('x', float32([2], weights));
    binding.bindInput('b', float32([2], Float32Array.of(0.5, 0.25)));
    binding.bindOutput('y', float32([2], weights));
    await binding.run();
    await binding.run();
    expect([...weights]).toEqual([2, 2.5]);
  });

  it('reads and writes parts of a larger buffer', async () => {
    const binding = (await load(adder)).createBinding();
    const pool = new Float32Array(new SharedArrayBuffer(32));
    pool.set([0, 1, 2, 3, 4]);
    binding.bindInput('x', float32([2], pool.subarray(1, 3)));
    binding.bindInput('b', float32([2], pool.subarray(3, 5)));
    binding.bindOutput('y', float32([2], pool.subarray(6, 8)));
    await binding.run();
    expect([...pool]).toEqual([0, 1, 2, 3, 4, 0, 4, 6]);
  });

  it('takes int64 inputs and other element types', async () => {
    const model = graph(
      [float32Value('table', [3, 2]), { name: 'ids', type: 'int64', shape: [2] }],
      [float32Value('rows', [2, 2]), { name: 'same', type: 'bool', shape: [2] }],
      [
        { op: 'Gather', inputs: ['table', 'ids'], outputs: ['rows'] },
        { op: 'Equal', inputs: ['ids', 'two'], outputs: ['same'] },
      ],
      [{ name: 'two', type: 'int64', shape: [], data: new Uint8Array(BigInt64Array.of(2n).buffer) }],
    );
    const binding = (await load(encodeModel(model))).createBinding();
    const rows = new Float32Array(4);
    const same = new Uint8Array(2);
    binding.bindInput('table', float32([3, 2], Float32Array.of(0, 1, 2, 3, 4, 5)));
    binding.bindInput('ids', { type: 'int64', shape: [2], data: BigInt64Array.of(2n, 0n) });
    binding.bindOutput('rows', float32([2, 2], rows));
    binding.bindOutput('same', { type: 'bool', shape: [2], data: same });
    await binding.run();
    expect([...rows]).toEqual([4, 5, 0, 1]);
    expect([...same]).toEqual([1, 0]);
  });

  it('keeps small arrays in place through garbage collection', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const binding = (await load(adder)).createBinding();
    binding.bindInput('x', float32([2], Float32Array.of(1, 2)));
    binding.bindInput('b', float32([2], Float32Array.of(3, 4)));
    const y = new Float32Array(2);
    binding.bindOutput('y', float32([2], y));
    for (let round = 0; round < 6; round++) {
      collect();
      y.fill(0);
      await binding.run();
      expect([...y]).toEqual([4, 6]);
    }
  });

  it('refuses unknown names and arrays that do not fit', async () => {
    const binding = (await load(adder)).createBinding();
    const two = float32([2], new Float32Array(2));
    expect(() => binding.bindInput('z', two)).toThrow("input z: expected one of the model's 2 inputs (x, b)");
    expect(() => binding.bindOutput('z', two)).toThrow("output z: expected one of the model's 1 outputs (y)");
    expect(() => binding.bindInput('x', float32([2], new Float32Array(3)))).toThrow(
      'input x: expected a Float32Array of 2 for float32 [2], got a Float32Array of 3',
    );
    expect(() => binding.bindInput('x', { type: 'int64', shape: [2], data: new Float32Array(4) })).toThrow(
      'input x: expected a BigInt64Array of 2 for int64 [2], got a Float32Array of 4',
    );
  });

  it("rejects a run with the runtime's own words, and recovers", async () => {
    const binding = (await load(adder)).createBinding();
    binding.bindInput('x', float32([3], new Float32Array(3)));
    binding.bindInput('b', float32([2], new Float32Array(2)));
    const y = new Float32Array(2);
    binding.bindOutput('y', float32([2], y));
    await expect(binding.run()).rejects.toThrow(/^ONNX Runtime: .*invalid dimensions for input: x/i);
    binding.bindInput('x', float32([2], Float32Array.of(7, 8)));
    await binding.run();
    expect([...y]).toEqual([7, 8]);
  });

  it('refuses an output array of another shape than the result', async () => {
    const binding = (await load(adder)).createBinding();
    binding.bindInput('x', float32([2], new Float32Array(2)));
    binding.bindInput('b', float32([2], new Float32Array(2)));
    binding.bindOutput('y', float32([3], new Float32Array(3)));
    await expect(binding.run()).rejects.toThrow(/^ONNX Runtime: /);
  });

  it('leaves the event loop free, and refuses everything else meanwhile', async () => {
    const { session, binding, y } = await slow();
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 1);
    const running = binding.run();
    expect(() => binding.dispose()).toThrow('binding: expected no pending run at disposal, got 1');
    expect(() => session.dispose()).toThrow('session: expected no pending run at disposal, got 1');
    expect(() => binding.deviceOutputs()).toThrow('binding: expected no pending run, got one');
    await expect(binding.run()).rejects.toThrow('binding: expected no pending run, got one');
    await running;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(10);
    expect(y[0]).toBeCloseTo(1 / 512, 6);
  });

  it('ends a run when its signal aborts, and runs again', async () => {
    const { binding, y } = await slow();
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    await expect(binding.run({ signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(y[0]).toBe(0);
    await expect(binding.run({ signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' });
    await binding.run();
    expect(y[0]).toBeCloseTo(1 / 512, 6);
  });

  it('runs two bindings of one session at the same time', async () => {
    const session = await load(adder);
    const results = await Promise.all(
      [1, 2, 3].map(async (value) => {
        const binding = session.createBinding();
        const y = new Float32Array(2);
        binding.bindInput('x', float32([2], Float32Array.of(value, value)));
        binding.bindInput('b', float32([2], Float32Array.of(0, 1)));
        binding.bindOutput('y', float32([2], y));
        await binding.run();
        return [...y];
      }),
    );
    expect(results).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  it('feeds device outputs back without overwriting them', async () => {
    const binding = (await load(encodeModel(recurrence(4)))).createBinding();
    const shape = [4, 4];
    const mean = new Float32Array(1);
    expect(binding.deviceOutputs().size).toBe(0);
    binding.bindInput('x', float32(shape, new Float32Array(16).fill(1)));
    binding.bindInput('state', float32(shape, new Float32Array(16)));
    binding.bindOutputToDevice('next');
    binding.bindOutput('mean', float32([], mean));
    await binding.run();
    const first = binding.deviceOutputs().get('next')!;
    expect(first).toMatchObject({ type: 'float32', shape });
    binding.bindInput('state', first);
    await binding.run();
    const second = binding.deviceOutputs().get('next')!;
    expect([...first.read().data]).toEqual(Array(16).fill(1));
    expect([...second.read().data]).not.toEqual([...first.read().data]);
    first.dispose();
    first.dispose();
    expect(() => first.read()).toThrow('device tensor: expected one in use, got a disposed one');
    await binding.run();
    expect(mean[0]).not.toBe(1);
    second.dispose();
  });
});
