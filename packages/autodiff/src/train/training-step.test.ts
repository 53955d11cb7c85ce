/** The training step on the real runtime: AdamW against the published update, accumulation, learning. */
import { expect, test } from 'vitest';
import {
  createRandom,
  createTrainingStep,
  describeParameters,
  initializeParameters,
  input,
  meanSquaredError,
} from '../index.ts';
import { network } from '../testing/two-layer-network.ts';

async function createNetwork(optimizer = {}, replicas = 1, options: { skipsNotFinite?: boolean } = {}) {
  const parameters = initializeParameters(
    describeParameters((p) => network(p, input('x', [8, 2]))),
    createRandom(1),
  );
  return createTrainingStep({
    name: 'network',
    inputs: { x: { shape: [8, 2] }, y: { shape: [8, 1] } },
    parameters,
    loss: (p, { x, y }) => ({ loss: meanSquaredError(network(p, x), y) }),
    optimizer,
    replicas,
    ...options,
  });
}

function batch(seed: number) {
  const x = createRandom(seed).fillNormal(new Float32Array(16));
  return { x, y: Float32Array.from({ length: 8 }, (_, i) => x[2 * i]! * x[2 * i + 1]!) };
}

test('learns a product', async () => {
  const step = await createNetwork({ weightDecay: 0 });
  const losses: number[] = [];
  for (let i = 0; i < 300; i++) losses.push((await step.step(batch(i), { learningRate: 1e-2 })).loss);
  const mean = (values: number[]) => values.reduce((total, v) => total + v, 0) / values.length;
  expect(mean(losses.slice(-30))).toBeLessThan(0.2 * mean(losses.slice(0, 30)));
  step.dispose();
});

test('the first update of AdamW is the learning rate times the sign, plus the decay', async () => {
  const step = await createNetwork({ weightDecay: 0.1, maxGradientNorm: Number.POSITIVE_INFINITY, epsilon: 0 });
  const before = step.state.parameters.get('out.weight')!.data.slice();
  await step.step(batch(1), { learningRate: 0.01 });
  const after = step.state.parameters.get('out.weight')!.data;
  after.forEach((value, i) => {
    expect(Math.abs(value - before[i]! * (1 - 0.01 * 0.1))).toBeCloseTo(0.01, 6);
  });
  step.dispose();
});

test('accumulating two equal batches is one step on either', async () => {
  const [once, twice] = [await createNetwork(), await createNetwork()];
  await once.step(batch(3), { learningRate: 0.01 });
  await twice.accumulate(batch(3));
  await twice.accumulate(batch(3));
  await twice.apply({ learningRate: 0.01 });
  for (const [name, { data }] of once.state.parameters) {
    const other = twice.state.parameters.get(name)!.data;
    data.forEach((value, i) => {
      expect(other[i]).toBeCloseTo(value, 6);
    });
  }
  once.dispose();
  twice.dispose();
});

test('two replicas take the mean of their batches, as accumulation does', async () => {
  const [apart, together] = [await createNetwork(), await createNetwork({}, 2)];
  const { loss: first } = await apart.accumulate(batch(3));
  const { loss: second } = await apart.accumulate(batch(4));
  const { gradientNorm } = await apart.apply({ learningRate: 0.01 });
  const metrics = await together.step([batch(3), batch(4)], { learningRate: 0.01 });
  expect(metrics.loss).toBeCloseTo((first + second) / 2, 6);
  expect(metrics.gradientNorm).toBeCloseTo(gradientNorm, 5);
  for (const [name, { data }] of apart.state.parameters) {
    expect(together.state.parameters.get(name)!.data).toEqual(data);
  }
  await expect(together.step(batch(3), { learningRate: 0.01 })).rejects.toThrow(
    'network: expected a batch for each of 2 replicas, got 1',
  );
  apart.dispose();
  together.dispose();
});

test('the same seed gives the same bits', async () => {
  const runs = await Promise.all(
    [0, 1].map(async () => {
      const step = await createNetwork({ emaDecay: 0.99 });
      for (let i = 0; i < 5; i++) await step.step(batch(i), { learningRate: 1e-2 });
      const bits = [...step.state.parameters.values(), ...step.state.ema!.values()].map(({ data }) => data.slice());
      step.dispose();
      return bits;
    }),
  );
  expect(runs[0]).toEqual(runs[1]);
});

test('an update that is not finite is skipped and counted where asked for, and refused elsewhere', async () => {
  for (const skipsNotFinite of [true, false]) {
    const step = await createNetwork({ emaDecay: 0.99 }, 1, { skipsNotFinite });
    const arrays = () =>
      [step.state.parameters, step.state.firstMoment, step.state.secondMoment, step.state.ema!].flatMap((group) =>
        [...group.values()].map(({ data }) => data.slice()),
      );
    await step.step(batch(1), { learningRate: 0.01 });
    const before = arrays();
    const poisoned = { ...batch(2), y: new Float32Array(8).fill(Number.POSITIVE_INFINITY) };
    const attempt = step.step(poisoned, { learningRate: 0.01 });
    if (skipsNotFinite) expect(await attempt).toMatchObject({ skipped: 1 });
    else await expect(attempt).rejects.toThrow('network, update 2: expected a finite loss, got Infinity');
    expect(arrays()).toEqual(before);
    expect(step.state.step).toBe(skipsNotFinite ? 2 : 1);
    await step.accumulate(poisoned);
    const accumulated = step.apply({ learningRate: 0.01 });
    if (skipsNotFinite) expect(await accumulated).toMatchObject({ skipped: 1 });
    else await expect(accumulated).rejects.toThrow('expected a finite loss');
    await step.accumulate(batch(3));
    expect(await step.apply({ learningRate: 0.01 })).toMatchObject({ skipped: 0 });
    for (const data of arrays()) expect(data.every(Number.isFinite)).toBe(true);
    step.dispose();
  }
});
