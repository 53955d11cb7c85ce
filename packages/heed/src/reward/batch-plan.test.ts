// Batches of one shape out of whatever labels there are.
import { createRandom } from '@heed/diffusion/autodiff';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planBatches } from './batch-plan.ts';
import type { LabelledImage } from './labelled-image.ts';

function items(good: number, bad: number): LabelledImage[] {
  return Array.from({ length: good + bad }, (_, i) => ({
    image: {
      id: `${i}`,
      file: '',
      prompt: i % 3 === 0 ? 'p' : 'q',
      category: 'custom',
      holdout: false,
      purpose: 'learn' as const,
      seed: i,
      model: 'base',
      modelHash: '',
      sampler: 'ddim',
      steps: 1,
      guidanceScale: 1,
      set: 'train',
      width: 1,
      height: 1,
    },
    label: i < good ? 1 : 0,
    judgements: 1,
  }));
}

const perturbedPrompts = new Map([
  ['p', ['x']],
  ['q', ['x']],
]);

it('always gives at least one full batch that begins with its good images', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(40), fc.integer({ min: 1, max: 32 }), (good, bad, wanted) => {
      fc.pre(good + bad > 0);
      const plan = planBatches(items(good, bad), { batchSize: wanted, perturbedPrompts });
      const batches = plan.compose(createRandom(1));
      expect(batches.length).toBeGreaterThan(0);
      const ids = batches.flat().map(({ image }) => image.id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const batch of batches) {
        expect(batch).toHaveLength(plan.batchSize);
        expect(batch.slice(0, plan.good).every(({ label }) => label === 1)).toBe(true);
      }
    }),
  );
});

it('keeps the share of good images, and has none without an auxiliary task', () => {
  const training = items(30, 70);
  expect(planBatches(training, { batchSize: 20, perturbedPrompts }).good).toBe(6);
  expect(planBatches(training, { batchSize: 20, perturbedPrompts: new Map([['p', ['x']]]) }).good).toBe(2);
  const plain = planBatches(training, { batchSize: 20 });
  expect(plain.good).toBe(0);
  expect(plain.compose(createRandom(1)).flat()).toHaveLength(100);
});
