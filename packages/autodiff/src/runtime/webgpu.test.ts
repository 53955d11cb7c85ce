/** The WebGPU provider, on a software Vulkan driver where there is no GPU. */
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { encodeModel } from '../onnx/encode.ts';
import { prepareWebgpu, withoutWebgpu } from '../testing/webgpu.ts';
import type { Device } from './device.ts';
import { createSession, type Session } from './index.ts';
import { float32, recurrence } from './sample-graphs.ts';

const SIZE = 32;
const shape = [SIZE, SIZE];
const model = encodeModel(recurrence(SIZE));

let session: Session | undefined;
let failure: unknown;
let undo = () => {};

beforeAll(async () => {
  undo = prepareWebgpu();
  try {
    session = await createSession(model, { device: 'webgpu' });
  } catch (error) {
    failure = error;
  }
});

afterAll(() => {
  session?.dispose();
  undo();
});

/** The session, or a skipped test with the reason; a failure when WebGPU is required. */
function required(context: TestContext): Session {
  return session ?? withoutWebgpu(context, failure);
}

/** Steps the recurrence with its state kept on the device; returns each mean and the last state. */
async function pingPong(on: Session, steps: number): Promise<{ means: number[]; state: Float32Array }> {
  using binding = on.createBinding();
  const x = new Float32Array(SIZE * SIZE);
  const mean = new Float32Array(1);
  const means: number[] = [];
  binding.bindInput('x', float32(shape, x));
  binding.bindInput('state', float32(shape, new Float32Array(SIZE * SIZE)));
  binding.bindOutputToDevice('next');
  binding.bindOutput('mean', float32([], mean));
  for (let step = 0; step < steps; step++) {
    for (let index = 0; index < x.length; index++) x[index] = Math.cos(index + step);
    await binding.run();
    means.push(mean[0]!);
    using next = binding.deviceOutputs().get('next')!;
    binding.bindInput('state', next);
  }
  binding.bindOutputToDevice('next');
  await binding.run();
  using last = binding.deviceOutputs().get('next')!;
  return { means, state: last.read().data as Float32Array };
}

async function onDevice(device: Device): Promise<{ means: number[]; state: Float32Array }> {
  using other = await createSession(model, { device });
  return await pingPong(other, 6);
}

describe('webgpu', () => {
  it('keeps state on the device from step to step and agrees with the CPU', async (context) => {
    const actual = await pingPong(required(context), 6);
    const expected = await onDevice('cpu');
    expect(actual.means).toHaveLength(6);
    actual.means.forEach((mean, step) => {
      expect(mean).toBeCloseTo(expected.means[step]!, 5);
    });
    const largest = Math.max(...expected.state.map((value, index) => Math.abs(value - actual.state[index]!)));
    expect(largest).toBeLessThan(1e-5);
    expect(Math.max(...expected.state)).toBeGreaterThan(0.5);
  });

  it('uploads an array at each run, or once when it is frozen', async (context) => {
    const on = required(context);
    const runs = async (frozen: boolean) => {
      using binding = on.createBinding();
      const x = new Float32Array(SIZE * SIZE).fill(1);
      const mean = new Float32Array(1);
      binding.bindInput('x', float32(shape, x), { frozen });
      binding.bindInput('state', float32(shape, new Float32Array(SIZE * SIZE)));
      binding.bindOutput('mean', float32([], mean));
      binding.bindOutputToDevice('next');
      await binding.run();
      const before = mean[0];
      x.fill(2);
      await binding.run();
      return [before, mean[0]];
    };
    expect(await runs(false)).toEqual([1, 2]);
    expect(await runs(true)).toEqual([1, 1]);
  });

  it('writes outputs into arrays', async (context) => {
    using binding = required(context).createBinding();
    const next = new Float32Array(SIZE * SIZE);
    binding.bindInput('x', float32(shape, new Float32Array(SIZE * SIZE).fill(3)));
    binding.bindInput('state', float32(shape, new Float32Array(SIZE * SIZE)));
    binding.bindOutput('next', float32(shape, next));
    binding.bindOutput('mean', float32([], new Float32Array(1)));
    await binding.run();
    expect([...next.slice(0, 3)]).toEqual([3, 3, 3]);
  });
});
