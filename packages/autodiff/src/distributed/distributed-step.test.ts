/** Data-parallel training on the real runtime: the same bits however replicas are spread over ranks. */
import { describe, expect, it } from 'vitest';
import {
  createRandom,
  createTrainingStep,
  describeParameters,
  initializeParameters,
  input,
  meanSquaredError,
  type TrainingStep,
} from '../index.ts';
import { network } from '../testing/two-layer-network.ts';
import type { Communicator } from './communicator.ts';
import { localCommunicators } from './testing/local-ranks.ts';

type Step = TrainingStep<'x' | 'y'>;

async function createStep(communicator: Communicator, replicas: number): Promise<Step> {
  const parameters = initializeParameters(
    describeParameters((p) => network(p, input('x', [8, 2]))),
    createRandom(1),
  );
  return createTrainingStep({
    name: 'network',
    inputs: { x: { shape: [8, 2] }, y: { shape: [8, 1] } },
    parameters,
    loss: (p, { x, y }) => ({ loss: meanSquaredError(network(p, x), y) }),
    replicas,
    threads: replicas,
    skipsNotFinite: true,
    communicator,
  });
}

function batch(number: number, scale = 1) {
  const x = createRandom(number).fillNormal(new Float32Array(16));
  return { x, y: Float32Array.from({ length: 8 }, (_, i) => scale * x[2 * i]! * x[2 * i + 1]!) };
}

/** The batches of one update: numbers follow each other over the ranks, as in tuning. */
const batchesOf = (rank: number, replicas: number, first: number) =>
  Array.from({ length: replicas }, (_, i) => batch(first + rank * replicas + i));

async function train(ranks: number, replicas: number, accumulation: number) {
  const steps = await Promise.all(localCommunicators(ranks).map((one) => createStep(one, replicas)));
  const stride = ranks * replicas;
  const curves = await Promise.all(
    steps.map(async (step, rank) => {
      const losses: number[] = [];
      for (let update = 0; update < 5; update++) {
        const first = update * stride * accumulation;
        if (accumulation === 1) {
          losses.push((await step.step(batchesOf(rank, replicas, first), { learningRate: 0.01 })).loss);
          continue;
        }
        for (let i = 0; i < accumulation; i++) await step.accumulate(batchesOf(rank, replicas, first + i * stride));
        losses.push((await step.apply({ learningRate: 0.01 })).loss);
      }
      return losses;
    }),
  );
  const weights = steps.map(({ state }) => [...state.parameters].map(([name, { data }]) => [name, [...data]]));
  for (const step of steps) step.dispose();
  return { curves, weights };
}

describe.each([1, 3])('with accumulation %i', (accumulation) => {
  it('1 x 4, 2 x 2 and 4 x 1 ranks x replicas give the same bits on all ranks', async () => {
    const alone = await train(1, 4, accumulation);
    for (const [ranks, replicas] of [
      [2, 2],
      [4, 1],
    ] as const) {
      const spread = await train(ranks, replicas, accumulation);
      for (const curve of spread.curves) expect(curve).toEqual(alone.curves[0]);
      for (const weights of spread.weights) expect(weights).toEqual(alone.weights[0]);
    }
  });
});

it('all ranks skip where one has a loss that is not finite, and stop where one asks for it', async () => {
  const [first, second] = await Promise.all(localCommunicators(2).map((one) => createStep(one, 1)));
  const before = [...first!.state.parameters.get('in.weight')!.data];
  const poisoned = await Promise.all([
    first!.step(batch(1), { learningRate: 0.01 }),
    second!.step(batch(2, Number.NaN), { learningRate: 0.01, stop: true }),
  ]);
  expect(poisoned.map(({ skipped }) => skipped)).toEqual([1, 1]);
  expect([...first!.state.parameters.get('in.weight')!.data]).toEqual(before);
  expect([first!.isStopAsked(), second!.isStopAsked()]).toEqual([true, true]);
  for (const step of [first!, second!]) step.dispose();
});
