// The loss that early stopping looks at, against the paper's two terms worked out by hand.
import { expect, it } from 'vitest';
import type { Features } from './features.ts';
import type { LabelledImage } from './labelled-image.ts';
import type { RewardModel } from './reward-model.ts';
import { measureValidation } from './validation.ts';

/** A prompt's or an image's embedding is one number, and a reward their product. */
const texts: Record<string, number> = { red: 1, green: 0.5, blue: 0.25 };
const features = {
  projectionDim: 1,
  text: (prompt: string) => Float32Array.of(texts[prompt]!),
  image: (id: string) => Float32Array.of(Number(id)),
} as Features;
const model = {
  score: async (text: Float32Array, image: Float32Array) => text.map((value, i) => value * image[i]!),
} as unknown as RewardModel;

function judged(prompt: string, id: number, label: number): LabelledImage {
  return { image: { id: String(id), prompt } as LabelledImage['image'], label, judgements: 1 };
}

const options = { features, perturbations: 2, temperature: 0.5, lambda: 3 };

it('adds the prompt classification of good images to the squared error', async () => {
  const perturbedPrompts = new Map([['red', ['green', 'blue', 'red']]]);
  const measured = await measureValidation(model, [judged('red', 0.8, 1), judged('green', 0.4, 0)], {
    ...options,
    perturbedPrompts,
  });
  // r is 0.8 and 0.2; of the good image's softmax over red, green and blue at T = 0.5 red's logit is 1.6.
  const squared = (0.2 ** 2 + 0.2 ** 2) / 2;
  const classification = -Math.log(Math.exp(1.6) / (Math.exp(1.6) + Math.exp(0.8) + Math.exp(0.4)));
  expect(measured.validationError).toBeCloseTo(squared, 6);
  expect(measured.validationClassification).toBeCloseTo(classification, 6);
  expect(measured.validationLoss).toBeCloseTo(squared + 3 * classification, 6);
});

it('stays finite at a temperature near zero', async () => {
  const perturbedPrompts = new Map([['blue', ['red', 'green']]]);
  const measured = await measureValidation(model, [judged('blue', 1, 1)], {
    ...options,
    temperature: 1e-4,
    perturbedPrompts,
  });
  expect(measured.validationClassification).toBeCloseTo(7500, 0);
});

it('is the squared error without an auxiliary task or a good image', async () => {
  const good = [judged('red', 0.8, 1)];
  const bad = [judged('red', 0.8, 0)];
  const perturbedPrompts = new Map([['red', ['green', 'blue']]]);
  for (const [labelled, perturbed] of [
    [good, undefined],
    [bad, perturbedPrompts],
  ] as const) {
    const measured = await measureValidation(model, labelled, { ...options, perturbedPrompts: perturbed });
    expect(measured.validationLoss).toBe(measured.validationError);
    expect(measured).not.toHaveProperty('validationClassification');
  }
});
