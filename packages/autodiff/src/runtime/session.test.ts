import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { encodeModel } from '../onnx/encode.ts';
import type { OnnxTensor } from '../onnx/model.ts';
import { createSession } from './index.ts';
import { float32, float32Initializer, float32Value, graph } from './sample-graphs.ts';

const double = graph(
  [float32Value('x', [2])],
  [float32Value('y', [2])],
  [{ op: 'Add', inputs: ['x', 'x'], outputs: ['y'] }],
);

const external: OnnxTensor = { name: 'w', type: 'float32', shape: [2, 2], data: 'external' };
const timesExternal = graph(
  [float32Value('x', [1, 2])],
  [float32Value('y', [1, 2])],
  [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
  [external],
);

describe('createSession', () => {
  it('runs a matmul', async () => {
    using session = await createSession(
      encodeModel(
        graph(
          [float32Value('x', [1, 2])],
          [float32Value('y', [1, 2])],
          [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
          [float32Initializer('w', [2, 2], [1, 2, 3, 4])],
        ),
      ),
    );
    expect(session.inputs).toEqual(['x']);
    expect(session.outputs).toEqual(['y']);
    const binding = session.createBinding();
    const y = new Float32Array(2);
    binding.bindInput('x', float32([1, 2], Float32Array.of(10, 1)));
    binding.bindOutput('y', float32([1, 2], y));
    await binding.run();
    expect([...y]).toEqual([13, 24]);
  });

  it('computes the same bits on every worker thread, with numbers below the normal ones', async () => {
    using session = await createSession(encodeModel(double), { threads: 1 });
    const runs = Array.from({ length: 8 }, () => {
      const binding = session.createBinding();
      const y = new Float32Array(2);
      binding.bindInput('x', float32([2], Float32Array.of(1e-39, 1)));
      binding.bindOutput('y', float32([2], y));
      return { binding, y };
    });
    // At the same time, so that more than one thread takes part.
    await Promise.all(runs.map(({ binding }) => binding.run()));
    for (const { y } of runs) expect([...y]).toEqual([Math.fround(2 * Math.fround(1e-39)), 2]);
  });

  it.each(['disabled', 'basic', 'extended', 'all'] as const)('runs a convolution at level %s', async (level) => {
    const model = encodeModel(
      graph(
        [float32Value('x', [1, 1, 3, 3])],
        [float32Value('y', [1, 1, 3, 3])],
        [{ op: 'Conv', inputs: ['x', 'w'], outputs: ['y'], attributes: { pads: { ints: [1, 1, 1, 1] } } }],
        [float32Initializer('w', [1, 1, 3, 3], Array(9).fill(1))],
      ),
    );
    using session = await createSession(model, { graphOptimization: level, threads: 1 });
    const binding = session.createBinding();
    const y = new Float32Array(9);
    binding.bindInput('x', float32([1, 1, 3, 3], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)));
    binding.bindOutput('y', float32([1, 1, 3, 3], y));
    await binding.run();
    expect([...y]).toEqual([12, 21, 16, 27, 45, 33, 24, 39, 28]);
  });

  it("rejects with the runtime's own words", async () => {
    await expect(createSession(Uint8Array.of(1, 2, 3))).rejects.toThrow(/^ONNX Runtime: .*protobuf/i);
    const unknown = graph(double.inputs, double.outputs, [{ op: 'NoSuchOp', inputs: ['x'], outputs: ['y'] }]);
    await expect(createSession(encodeModel(unknown))).rejects.toThrow(/ONNX Runtime: .*NoSuchOp/);
  });

  it('refuses bad options in one sentence', async () => {
    const model = encodeModel(double);
    await expect(createSession(model, { threads: 0 })).rejects.toThrow(
      'session: expected a positive whole number of threads, got 0',
    );
    await expect(createSession(model, { device: 'tpu' as 'cpu' })).rejects.toThrow(
      'session: expected a device out of cpu, webgpu, cuda, coreml, directml, got tpu',
    );
    await expect(createSession(model, { device: 'cuda' })).rejects.toThrow(
      /^device cuda: expected an NVIDIA GPU with driver 580 or newer, .*heed doctor --device cuda.*; got: no NVIDIA driver/,
    );
  });

  it('survives garbage collection while it loads', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const weights = Array.from({ length: 256 * 256 }, (_, index) => index % 5);
    const make = () =>
      createSession(
        encodeModel(
          graph(
            [float32Value('x', [1, 256])],
            [float32Value('y', [1, 256])],
            [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
            [float32Initializer('w', [256, 256], weights)],
          ),
        ),
      );
    const loading = Array.from({ length: 6 }, make);
    for (let round = 0; round < 5; round++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const session of await Promise.all(loading)) session.dispose();
  });
});

describe('initializers given at creation', () => {
  const run = async (shareInitializers: boolean) => {
    const data = Float32Array.of(1, 2, 3, 4);
    const initializers = new Map([['w', float32([2, 2], data)]]);
    using session = await createSession(encodeModel(timesExternal), { initializers, shareInitializers });
    const binding = session.createBinding();
    const y = new Float32Array(2);
    binding.bindInput('x', float32([1, 2], Float32Array.of(1, 1)));
    binding.bindOutput('y', float32([1, 2], y));
    await binding.run();
    const before = [...y];
    data.fill(10);
    await binding.run();
    return { before, after: [...y] };
  };

  it('are copied by default', async () => {
    expect(await run(false)).toEqual({ before: [4, 6], after: [4, 6] });
  });

  it('are read in place when shared', async () => {
    expect(await run(true)).toEqual({ before: [4, 6], after: [20, 20] });
  });

  it('must all be given, in their shapes', async () => {
    const model = encodeModel(timesExternal);
    await expect(createSession(model)).rejects.toThrow(/initializer: w/);
    const wrong = new Map([['w', float32([4], new Float32Array(4))]]);
    await expect(createSession(model, { initializers: wrong })).rejects.toThrow(/^ONNX Runtime: /);
    const short = new Map([['w', float32([2, 2], new Float32Array(3))]]);
    await expect(createSession(model, { initializers: short })).rejects.toThrow(
      'initializer w: expected a Float32Array of 4 for float32 [2, 2], got a Float32Array of 3',
    );
  });
});

describe('Session', () => {
  it('disposes of its bindings, once, and refuses use afterwards', async () => {
    const session = await createSession(encodeModel(double));
    const binding = session.createBinding();
    session.dispose();
    session.dispose();
    binding.dispose();
    expect(() => session.createBinding()).toThrow('session: expected one in use, got a disposed one');
    expect(() => binding.bindOutputToDevice('y')).toThrow('expected one in use, got a disposed one');
    await expect(binding.run()).rejects.toThrow('expected one in use, got a disposed one');
  });

  it('writes a profile with the executed nodes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'heed-profile-'));
    try {
      using session = await createSession(encodeModel(double), { profilePrefix: join(folder, 'profile') });
      const binding = session.createBinding();
      binding.bindInput('x', float32([2], new Float32Array(2)));
      binding.bindOutput('y', float32([2], new Float32Array(2)));
      await binding.run();
      const path = session.endProfiling();
      expect(existsSync(path)).toBe(true);
      expect(readFileSync(path, 'utf8')).toContain('"op_name" : "Add"');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
