/**
 * The validation loss for early stopping: the training loss on held-out pairs. The loss includes the term of the
 * auxiliary task. The squared error alone reaches its minimum long before the reward can tell prompts apart, and would
 * stop training too early.
 */
import type { Features } from './features.ts';
import { isGood, type LabelledImage } from './labelled-image.ts';
import type { RewardModel } from './reward-model.ts';
import { scoreImages } from './score-images.ts';

/** The losses on the held-out pairs: L_mse, L_pc, and L_mse + lambda * L_pc. */
export interface ValidationLoss {
  validationLoss: number;
  validationError: number;
  /** The classification loss; undefined without the auxiliary task, or when no held-out image is good. */
  validationClassification?: number;
}

/** Measures `model` on `labelled`. Each image uses the first `perturbations` of its perturbed prompts. */
export async function measureValidation(
  model: RewardModel,
  labelled: readonly LabelledImage[],
  options: {
    features: Features;
    perturbedPrompts: ReadonlyMap<string, readonly string[]> | undefined;
    perturbations: number;
    temperature: number;
    lambda: number;
  },
): Promise<ValidationLoss> {
  const { features, perturbedPrompts, perturbations, temperature, lambda } = options;
  const rewards = await scoreImages(
    model,
    labelled.map(({ image }) => image),
    features,
  );
  const validationError = meanOf(labelled.map(({ label }, i) => (label - rewards[i]!) ** 2));

  const asked = labelled.filter(isGood).flatMap(({ image: { id, prompt } }) => {
    const others = perturbedPrompts?.get(prompt)?.slice(0, perturbations) ?? [];
    return others.length === 0 ? [] : [[prompt, ...others].map((each) => ({ id, prompt: each }))];
  });
  if (asked.length === 0) return { validationLoss: validationError, validationError };
  const scores = await scoreImages(model, asked.flat(), features);
  let end = 0;
  const validationClassification = meanOf(
    asked.map(({ length }) => {
      end += length;
      return crossEntropyOfFirst(scores.subarray(end - length, end), temperature);
    }),
  );
  const validationLoss = validationError + lambda * validationClassification;
  return { validationLoss, validationError, validationClassification };
}

/** The cross-entropy -log softmax(scores / T) of the first score. */
function crossEntropyOfFirst(scores: Float32Array, temperature: number): number {
  const highest = Math.max(...scores);
  const sum = scores.reduce((total, score) => total + Math.exp((score - highest) / temperature), 0);
  return Math.log(sum) + (highest - scores[0]!) / temperature;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
