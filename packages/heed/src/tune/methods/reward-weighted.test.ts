// Equation 2 against the same numbers worked out by hand.
import { compile } from '@heed/diffusion/autodiff';
import { expect, it } from 'vitest';
import { rewardWeightedLoss } from './reward-weighted.ts';

const errors = Float32Array.of(0.5, 1, 2, 4, 8);
const weights = Float32Array.of(1, 0.25, 0);

async function evaluate(options: { total: number; beta: number }) {
  const fn = await compile({
    name: 'equation 2',
    inputs: { errors: { shape: [options.total] }, weights: { shape: [3] } },
    build: (_, x) => rewardWeightedLoss(x.errors, x.weights, options.beta),
  });
  const result: Record<string, Float32Array> = await fn.run({ errors: errors.slice(0, options.total), weights });
  fn.dispose();
  return Object.fromEntries(Object.entries(result).map(([name, values]) => [name, values[0]]));
}

it('weights each model sample by its own reward and adds beta times the pre-training error', async () => {
  const modelLoss = (1 * 0.5 + 0.25 * 1 + 0 * 2) / 3;
  const pretrainingLoss = (4 + 8) / 2;
  const result = await evaluate({ total: 5, beta: 0.5 });
  expect(result.modelLoss).toBeCloseTo(modelLoss, 6);
  expect(result.pretrainingLoss).toBeCloseTo(pretrainingLoss, 6);
  expect(result.loss).toBeCloseTo(modelLoss + 0.5 * pretrainingLoss, 6);
});

it('has no second term without pre-training data', async () => {
  const result = await evaluate({ total: 3, beta: 0.5 });
  expect(Object.keys(result).sort()).toEqual(['loss', 'modelLoss']);
  expect(result.loss).toBeCloseTo(0.25, 6);
});
