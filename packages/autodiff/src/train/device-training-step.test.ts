/**
 * The training step whose state stays on a device, beside the one on host arrays; on WebGPU, in software where there is
 * no GPU.
 */
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import {
  compile,
  createRandom,
  createTrainingStep,
  type Device,
  describeParameters,
  initializeParameters,
  input,
  meanSquaredError,
  mul,
  type ParameterValues,
  silu,
  sum,
  type TrainingStep,
  type TrainingStepOptions,
} from '../index.ts';
import { resolvePrecision } from '../runtime/index.ts';
import { network } from '../testing/two-layer-network.ts';
import { prepareWebgpu, withoutWebgpu } from '../testing/webgpu.ts';
import { createDeviceTrainingStep } from './device-training-step.ts';

const UPDATES = 6;

let undo = () => {};
let failure: unknown;

beforeAll(async () => {
  undo = prepareWebgpu();
  await resolvePrecision('webgpu').catch((error: unknown) => {
    failure = error;
  });
});

afterAll(() => undo());

type Inputs = 'x' | 'y';

type Create = (options: TrainingStepOptions<Inputs> & { device: Device }) => Promise<TrainingStep<Inputs>>;

async function createNetwork(
  options: Partial<TrainingStepOptions<Inputs>>,
  create: Create = createTrainingStep,
): Promise<TrainingStep<Inputs>> {
  return create({
    device: 'cpu',
    name: 'network',
    inputs: { x: { shape: [8, 2] }, y: { shape: [8, 1] } },
    parameters: initializeParameters(
      describeParameters((p) => network(p, input('x', [8, 2]))),
      createRandom(1),
    ),
    loss: (p, { x, y }) => ({ loss: meanSquaredError(network(p, x), y) }),
    optimizer: { emaDecay: 0.99, weightDecay: 0.1, maxGradientNorm: 0.5 },
    ...options,
  });
}

function batch(seed: number) {
  const x = createRandom(seed).fillNormal(new Float32Array(16));
  return { x, y: Float32Array.from({ length: 8 }, (_, i) => x[2 * i]! * x[2 * i + 1]!) };
}

/** Losses and norms of some updates, and all of the state after them. */
async function train(
  options: Partial<TrainingStepOptions<Inputs>>,
  { accumulation = 1, create }: { accumulation?: number; create?: Create } = {},
) {
  const step = await createNetwork(options, create);
  try {
    const curve: number[] = [];
    for (let i = 0; i < UPDATES; i++) {
      if (accumulation === 1) {
        const { loss, gradientNorm } = await step.step(batch(i), { learningRate: 0.01 });
        curve.push(loss, gradientNorm);
        continue;
      }
      for (let k = 0; k < accumulation; k++) curve.push((await step.accumulate(batch(accumulation * i + k))).loss);
      curve.push((await step.apply({ learningRate: 0.01 })).gradientNorm);
    }
    const { parameters, firstMoment, secondMoment, ema } = await step.fetchState();
    const values = [parameters, firstMoment, secondMoment, ema ?? new Map()].flatMap((group: ParameterValues) =>
      [...group.values()].flatMap(({ data }) => [...data]),
    );
    return { curve, values, step: step.state.step };
  } finally {
    step.dispose();
  }
}

const worst = (a: readonly number[], b: readonly number[]) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

function required(context: TestContext): void {
  if (failure !== undefined) withoutWebgpu(context, failure);
}

describe('a training step on webgpu', () => {
  it('follows the loss curve of the processor and ends in the same state', async (context) => {
    required(context);
    const [expected, actual] = [await train({}), await train({ device: 'webgpu', precision: 'float32' })];
    expect(actual.step).toBe(UPDATES);
    expect(worst(expected.curve, actual.curve)).toBeLessThan(1e-5);
    expect(worst(expected.values, actual.values)).toBeLessThan(1e-5);
  });

  it('keeps no moving average where none is asked for', async (context) => {
    required(context);
    const optimizer = { weightDecay: 0.1 };
    const [expected, actual] = [
      await train({ optimizer }),
      await train({ optimizer, device: 'webgpu', precision: 'float32' }),
    ];
    expect(worst(expected.curve, actual.curve)).toBeLessThan(1e-5);
    expect(actual.values).toHaveLength(expected.values.length);
    expect(worst(expected.values, actual.values)).toBeLessThan(1e-5);
  });

  it('moves a batch, five scalars, the loss and the norm at an update, and the state once', async (context) => {
    required(context);
    const step = await createNetwork({ device: 'webgpu', precision: 'float32' });
    await step.step(batch(0), { learningRate: 0.01 });
    const first = step.bytesMoved();
    for (let i = 1; i < 4; i++) await step.step(batch(i), { learningRate: 0.01 });
    const later = step.bytesMoved();
    const batchBytes = 4 * (16 + 8);
    expect(later.toDevice - first.toDevice).toBe(3 * (batchBytes + 5 * 4));
    expect(later.toHost - first.toHost).toBe(3 * 2 * 4);
    const weights = 4 * [...step.state.parameters.values()].reduce((total, { data }) => total + data.length, 0);
    // The weights twice, for the graph of the loss and that of the optimizer; two moments; the average.
    expect(first.toDevice).toBe(5 * weights + batchBytes + 5 * 4);
    step.dispose();
  });

  it('adds up the gradients of several batches there', async (context) => {
    required(context);
    const [expected, actual] = [
      await train({}, { accumulation: 3 }),
      await train({ device: 'webgpu', precision: 'float32' }, { accumulation: 3 }),
    ];
    expect(worst(expected.curve, actual.curve)).toBeLessThan(1e-5);
    expect(worst(expected.values, actual.values)).toBeLessThan(1e-5);
  });

  it('shares the device with functions that are made, run and disposed of meanwhile', async (context) => {
    required(context);
    const place = { device: 'webgpu', precision: 'float32' } as const;
    const compute = async () => {
      const other = await compile<'x', 'y'>({
        name: 'other',
        inputs: { x: { shape: [8, 2] } },
        build: (_, { x }) => ({ y: silu(x) }),
        ...place,
      });
      const { y } = await other.run({ x: batch(9).x });
      other.dispose();
      return y;
    };
    const [expected, y] = [await train(place), await compute()];
    const [actual, others] = await Promise.all([train(place), Promise.all(Array.from({ length: 20 }, compute))]);
    expect(actual).toEqual(expected);
    expect(others).toEqual(Array(20).fill(y));
  });

  it('goes on from a state that was fetched', async (context) => {
    required(context);
    const whole = await createNetwork({ device: 'webgpu', precision: 'float32' });
    for (let i = 0; i < 4; i++) await whole.step(batch(i), { learningRate: 0.01 });
    const half = await createNetwork({ device: 'webgpu', precision: 'float32' });
    for (let i = 0; i < 2; i++) await half.step(batch(i), { learningRate: 0.01 });
    const state = await half.fetchState();
    half.dispose();
    const rest = await createNetwork({
      device: 'webgpu',
      precision: 'float32',
      parameters: state.parameters,
      state,
    });
    for (let i = 2; i < 4; i++) await rest.step(batch(i), { learningRate: 0.01 });
    const [a, b] = [await whole.fetchState(), await rest.fetchState()];
    for (const [name, { data }] of a.parameters) expect(b.parameters.get(name)!.data).toEqual(data);
    whole.dispose();
    rest.dispose();
  });

  it('skips an update whose loss is not finite, and nothing of it stays', async (context) => {
    required(context);
    const step = await createNetwork({ device: 'webgpu', precision: 'float32', skipsNotFinite: true });
    await step.step(batch(0), { learningRate: 0.01 });
    const before = [...(await step.fetchState()).parameters.values()].map(({ data }) => data.slice());
    const poisoned = { ...batch(1), y: new Float32Array(8).fill(Number.NaN) };
    expect(await step.step(poisoned, { learningRate: 0.01 })).toMatchObject({ skipped: 1 });
    const after = [...(await step.fetchState()).parameters.values()].map(({ data }) => data.slice());
    expect(after).toEqual(before);
    expect(await step.step(batch(2), { learningRate: 0.01 })).toMatchObject({ skipped: 0 });
    expect(step.state.step).toBe(3);
    step.dispose();
  });
});

/** The step with all of its state on a device, on the processor: there slabs are parts of each other's memory, too. */
const onSlabs = { create: createDeviceTrainingStep } as const;

describe('a training step on slabs', () => {
  it('ends in the same state as the one on host arrays, moving average included', async () => {
    const [expected, actual] = [await train({}), await train({}, onSlabs)];
    expect(actual.step).toBe(UPDATES);
    expect(worst(expected.curve, actual.curve)).toBeLessThan(1e-6);
    expect(actual.values).toHaveLength(expected.values.length);
    expect(worst(expected.values, actual.values)).toBeLessThan(1e-6);
  });

  it.each([2, 3, 4])('adds up the gradients of %i batches', async (accumulation) => {
    const [expected, actual] = [await train({}, { accumulation }), await train({}, { accumulation, ...onSlabs })];
    expect(worst(expected.curve, actual.curve)).toBeLessThan(1e-6);
    expect(worst(expected.values, actual.values)).toBeLessThan(1e-6);
  });

  it('skips an update that is not finite, and goes on', async () => {
    const step = await createNetwork({ skipsNotFinite: true }, createDeviceTrainingStep);
    await step.step(batch(0), { learningRate: 0.01 });
    const before = [...(await step.fetchState()).parameters.values()].map(({ data }) => data.slice());
    const poisoned = { ...batch(1), y: new Float32Array(8).fill(Number.NaN) };
    expect(await step.step(poisoned, { learningRate: 0.01 })).toMatchObject({ skipped: 1 });
    expect([...(await step.fetchState()).parameters.values()].map(({ data }) => data)).toEqual(before);
    expect(await step.step(batch(2), { learningRate: 0.01 })).toMatchObject({ skipped: 0 });
    step.dispose();
  });
});

/** Updates with other batches and learning rates. The second has a loss that is not finite and is skipped. */
async function trainWithSkip(options: Partial<TrainingStepOptions<Inputs>>, create: Create, accumulation = 1) {
  const onCaptureRefused = (sentence: string) => {
    throw new Error(sentence);
  };
  const step = await createNetwork({ skipsNotFinite: true, onCaptureRefused, ...options }, create);
  try {
    const reports: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      for (let k = 0; k < accumulation; k++) {
        const { x, y } = batch(accumulation * i + k);
        if (i === 1) y.fill(Number.NaN);
        reports.push(await step.accumulate({ x, y }));
      }
      reports.push(await step.apply({ learningRate: 0.02 / (i + 1) }));
    }
    const state = await step.fetchState();
    return { reports, state: structuredClone(state), moved: step.bytesMoved() };
  } finally {
    step.dispose();
  }
}

describe('a training step with fixed buffers, as graph capture needs them', () => {
  it.each([1, 2, 3])(
    'gives the bits of the eager step on the processor, %i batches an update',
    async (accumulation) => {
      const expected = await trainWithSkip({}, createDeviceTrainingStep, accumulation);
      const actual = await trainWithSkip({ captureGraph: true }, createDeviceTrainingStep, accumulation);
      // The eager step moves nothing there: it reads the arrays in place. So this is the other path.
      expect([expected.moved.toDevice, actual.moved.toDevice]).toEqual([0, expect.any(Number)]);
      expect(actual.moved.toDevice).toBeGreaterThan(0);
      expect(actual.reports).toEqual(expected.reports);
      expect(actual.state).toEqual(expected.state);
      expect(actual.state.step).toBe(4);
    },
  );

  it('has its own loss scale in float16', async () => {
    const expected = await trainWithSkip({ precision: 'float16' }, createDeviceTrainingStep);
    const actual = await trainWithSkip({ precision: 'float16', captureGraph: true }, createDeviceTrainingStep);
    expect(actual.reports).toEqual(expected.reports);
    expect(actual.state).toEqual(expected.state);
  });

  it('keeps weights that are not trained', async () => {
    const options = { trainable: (name: string) => name.startsWith('in.') };
    const expected = await trainWithSkip(options, createDeviceTrainingStep);
    const actual = await trainWithSkip({ ...options, captureGraph: true }, createDeviceTrainingStep);
    expect(actual.reports).toEqual(expected.reports);
    expect(actual.state).toEqual(expected.state);
  });

  it('is refused on webgpu in one sentence, and the eager step takes its place', async (context) => {
    required(context);
    const told: string[] = [];
    const place = { device: 'webgpu', precision: 'float32' } as const;
    const expected = await trainWithSkip(place, createTrainingStep);
    const onCaptureRefused = (sentence: string) => told.push(sentence);
    const actual = await trainWithSkip({ ...place, captureGraph: true, onCaptureRefused }, createTrainingStep);
    expect(actual).toEqual(expected);
    expect(told).toEqual([expect.stringContaining('webgpu runs updates node by node')]);
  });
});

describe('a training step in float16, on the processor', () => {
  // The runtime has no such kernels there: it computes in float32 and rounds at some of the casts, or at none.
  it('follows the loss curve of float32', async () => {
    const [expected, actual] = [await train({}), await train({ precision: 'float16' })];
    expect(worst(expected.curve, actual.curve)).toBeLessThan(5e-3);
    expect(worst(expected.values, actual.values)).toBeLessThan(5e-3);
  });

  /**
   * A loss whose slope, times the first loss scale, is beyond any float: 2^11 is the first scale under which it is not.
   */
  const createSteep = () =>
    createTrainingStep<'x'>({
      name: 'steep',
      inputs: { x: { shape: [1] } },
      parameters: new Map([['w', { shape: [1], data: Float32Array.of(1) }]]),
      loss: (p, { x }) => ({ loss: sum(mul(p.get('w', [1]), mul(x, 1e35))) }),
      optimizer: { weightDecay: 0 },
      precision: 'float16',
    });
  const feeds = { x: Float32Array.of(1) };

  it('halves the loss scale where gradients overflow, changes nothing, and recovers', async () => {
    const step = await createSteep();
    const weight = step.state.parameters.get('w')!.data;
    expect(step.lossScale()).toBe(2 ** 16);
    for (let i = 1; i <= 5; i++) {
      expect(await step.step(feeds, { learningRate: 0.1 })).toMatchObject({ skipped: 1 });
      expect(step.lossScale()).toBe(2 ** (16 - i));
      expect([...weight]).toEqual([1]);
    }
    const { skipped, gradientNorm } = await step.step(feeds, { learningRate: 0.1 });
    expect(skipped).toBe(0);
    expect(gradientNorm / 1e35).toBeCloseTo(1, 5);
    expect(weight[0]).toBeLessThan(1);
    expect(step.lossScale()).toBe(2 ** 11);
    expect(step.state.step).toBe(6);
    step.dispose();
  });

  it('stops where no scale helps', async () => {
    const step = await createSteep();
    for (let i = 0; i < 16; i++) await step.step({ x: Float32Array.of(Number.NaN) }, { learningRate: 0.1 });
    expect(step.lossScale()).toBe(1);
    await expect(step.step({ x: Float32Array.of(Number.NaN) }, { learningRate: 0.1 })).rejects.toThrow(
      'steep, update 17: expected a finite loss, got NaN',
    );
    step.dispose();
  });
});
