/**
 * Trains a reward on arrays of embeddings and labels in memory, without a project. The network and the training are the
 * same as in `heed reward` (Lee et al. 2023, equation 1), but without the auxiliary task on perturbed prompts.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { badInput } from '../errors.ts';
import { IMPORTED } from '../images/record.ts';
import { CUSTOM_CATEGORY } from '../prompts/prompt.ts';
import type { Features } from '../reward/features.ts';
import type { LabelledImage } from '../reward/labelled-image.ts';
import type { RewardOptions } from '../reward/options.ts';
import { type RewardTrainingResult, trainReward } from '../reward/train.ts';

export interface ArrayRewardOptions {
  /** N rows of P numbers: the embedding of each example's prompt, as `ClipEmbedder.embedTexts` gives it. */
  readonly textEmbeds: Float32Array;
  /** N rows of P numbers: the embedding of each example's picture, as `ClipEmbedder.embedImages` gives it. */
  readonly imageEmbeds: Float32Array;
  /** N numbers from 0 (bad) to 1 (good). */
  readonly labels: readonly number[];
  /** Share of the examples that decide when training stops; 0.1 by default. */
  readonly validationShare?: number | undefined;
  readonly options?: Partial<Omit<RewardOptions, 'lambda' | 'perturbations' | 'temperature'>> | undefined;
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains a reward on N examples. Deterministic by seed. `model.score(textEmbeds, imageEmbeds)` of the result gives one
 * number in [0, 1] for each row. Throws InputError when the lengths of the arrays do not fit each other.
 */
export async function trainRewardOnArrays({
  textEmbeds,
  imageEmbeds,
  labels,
  validationShare = 0.1,
  options,
  seed = 0,
  threads,
  signal,
}: ArrayRewardOptions): Promise<RewardTrainingResult> {
  const projectionDim = checkArrays({ textEmbeds, imageEmbeds, labels });
  const rowsOf = (values: Float32Array) => (row: string) =>
    values.subarray(Number(row) * projectionDim, (Number(row) + 1) * projectionDim);
  const features: Features = {
    projectionDim,
    text: rowsOf(textEmbeds),
    image: rowsOf(imageEmbeds),
    prepareTexts: async () => {},
    prepareImages: async () => {},
    close: async () => {},
  };
  const examples = createRandom(seed).fork('examples').shuffle(labels.map(exampleOf));
  const kept = Math.min(Math.round(validationShare * examples.length), examples.length - 1);
  return trainReward({
    training: examples.slice(kept),
    validation: examples.slice(0, kept),
    features,
    options: { ...options, lambda: 0 },
    seed,
    threads,
    ...(signal && { signal }),
  });
}

/** Checks the arrays and returns P, the number of values in an embedding. */
function checkArrays({ textEmbeds, imageEmbeds, labels }: ArrayRewardOptions): number {
  const size = textEmbeds.length / labels.length;
  if (labels.length === 0) throw badInput('reward: expected at least one labelled example, got none');
  if (!Number.isInteger(size) || size === 0 || imageEmbeds.length !== textEmbeds.length) {
    throw badInput(
      `reward: expected ${labels.length} rows of text and of image numbers, one a label, ` +
        `got ${textEmbeds.length} and ${imageEmbeds.length} numbers`,
    );
  }
  const wrong = labels.find((label) => !(label >= 0 && label <= 1));
  if (wrong !== undefined) throw badInput(`reward: expected labels from 0 (bad) to 1 (good), got ${wrong}`);
  return size;
}

/** Makes the labelled image of an example; the row's number serves as the picture's id and as the prompt's id. */
function exampleOf(label: number, row: number): LabelledImage {
  const id = String(row);
  const unknown = { category: CUSTOM_CATEGORY, model: IMPORTED, modelHash: IMPORTED, sampler: IMPORTED, set: IMPORTED };
  const image = { ...unknown, id, file: id, prompt: id, seed: 0, steps: 0, guidanceScale: 0, width: 0, height: 0 };
  return { label, judgements: 1, image: { ...image, holdout: false, purpose: 'learn' } };
}
