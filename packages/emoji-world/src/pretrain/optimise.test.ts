import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, linear, meanSquaredError } from '@heed/diffusion/autodiff';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Optimisation } from './optimise.ts';
import { optimise } from './optimise.ts';
import type { StageContext } from './stage.ts';
import { loadTraining } from './training-state.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-pretrain-'));
});
afterEach(() => rm(root, { recursive: true }));

const context = (folder: string, steps: number, signal = new AbortController().signal): StageContext => ({
  root: folder,
  seed: 3,
  horizon: { steps },
  threads: 1,
  signal,
  print: () => undefined,
});

/** Learns y = 2 x from batches that depend on the step alone. */
const problem: Optimisation<'x' | 'y'> = {
  stage: 'vae',
  inputs: { x: { shape: [4, 2] }, y: { shape: [4, 2] } },
  loss: (p, { x, y }) => ({ loss: meanSquaredError(linear(x, p.get('weight', [2, 2])), y) }),
  batchAt: (step) => {
    const x = createRandom(step).fillNormal(new Float32Array(8));
    return { x, y: x.map((value) => 2 * value) };
  },
  defaultHorizon: { steps: 1 },
  learningRate: 0.05,
  warmupSteps: 1,
  // Without a decay the rate does not depend on the horizon, so that stopping early is all that differs.
  decayShare: 1e-9,
  optimizer: { emaDecay: 0.9 },
};

const numbers = (weights: ReadonlyMap<string, { data: Float32Array }>) =>
  [...weights].map(([name, { data }]) => [name, [...data]]);

test('training in two goes gives the same bits as in one', async () => {
  const whole = await optimise(context(join(root, 'whole'), 12), problem);
  const first = await optimise(context(join(root, 'parts'), 5), problem);
  expect(numbers(first.weights)).not.toEqual(numbers(whole.weights));
  const second = await optimise(context(join(root, 'parts'), 12), problem);
  expect(second).toMatchObject({ finished: true, step: 12 });
  expect(numbers(second.weights)).toEqual(numbers(whole.weights));
  const [a, b] = await Promise.all([loadTraining(join(root, 'whole/vae')), loadTraining(join(root, 'parts/vae'))]);
  for (const group of ['parameters', 'firstMoment', 'secondMoment', 'ema'] as const) {
    expect(numbers(b!.optimizer[group]!)).toEqual(numbers(a!.optimizer[group]!));
  }
});

test('the loss falls', async () => {
  const before = await optimise(context(root, 1), problem);
  const after = await optimise(context(root, 150), problem);
  const error = ({ weights }: typeof before) => {
    const [a, b, c, d] = weights.get('weight')!.data;
    return Math.hypot(a! - 2, b!, c!, d! - 2);
  };
  expect(error(after)).toBeLessThan(0.2 * error(before));
});

test('an abort saves what was trained', async () => {
  const interruption = new AbortController();
  const stopping: typeof problem = {
    ...problem,
    batchAt: (step) => {
      if (step === 3) interruption.abort();
      return problem.batchAt(step);
    },
  };
  const result = await optimise(context(root, 1000, interruption.signal), stopping);
  expect(result.finished).toBe(false);
  expect(result.step).toBeLessThan(5);
  expect((await loadTraining(join(root, 'vae')))?.optimizer.step).toBe(result.step);
});

test('two states are kept, and a damaged newer one is passed over', async () => {
  const folder = join(root, 'vae');
  for (const steps of [4, 8]) await optimise(context(root, steps), problem);
  expect((await readdir(folder)).filter((name) => name.startsWith('state-'))).toHaveLength(2);
  await truncate(join(folder, 'state-1.safetensors'), 40);
  expect((await loadTraining(folder))?.optimizer.step).toBe(4);
});

test('a second trainer of the same stage is refused', async () => {
  const impatient: typeof problem = {
    ...problem,
    batchAt: async (step) => {
      if (step === 2)
        await expect(optimise(context(root, 9), problem)).rejects.toThrow(
          'expected no other process to train this stage',
        );
      return problem.batchAt(step);
    },
  };
  expect((await optimise(context(root, 4), impatient)).finished).toBe(true);
});
