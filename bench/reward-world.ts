/**
 * Labelled pairs for reward training, from the tensors of `inputs/reward-training.ts`: which images and prompts there
 * are and how they are called. Embeddings are given, so no CLIP runs.
 */
import type { ParameterValues } from '@heed/diffusion/autodiff';
import type { Features } from '../packages/heed/src/reward/features.ts';
import type { LabelledImage } from '../packages/heed/src/reward/labelled-image.ts';
import type { RewardOptions } from '../packages/heed/src/reward/options.ts';
import type { RewardTrainingSettings } from './settings.ts';

/** The seed of weights and batches. */
export const REWARD_SEED = 1;

/** heed's options; early stopping is out of reach, so that every training is of the same length. */
export function rewardOptions(settings: RewardTrainingSettings): RewardOptions {
  const { epochs, hiddenSize, temperature, lambda, perturbations, learningRate, weightDecay, batchSize } = settings;
  return {
    hiddenSize,
    temperature,
    lambda,
    perturbations,
    pairWeight: 1,
    learningRate,
    weightDecay,
    batchSize,
    maxEpochs: epochs,
    patience: epochs,
  };
}

export interface RewardWorld {
  /** Image i is the i-th row; those of the validation come last. */
  images: LabelledImage[];
  training: LabelledImage[];
  validation: LabelledImage[];
  perturbedPrompts: Map<string, string[]>;
  features: Features;
}

/** Reads `texts`, `images`, `perturbed`, `promptOf` and `labels`. */
export function rewardWorld(tensors: ParameterValues, settings: RewardTrainingSettings): RewardWorld {
  const { prompts, perturbations, trainingPairs, projectionDim } = settings;
  const promptOf = tensors.get('promptOf')!.data;
  const images = Array.from(tensors.get('labels')!.data, (label, i) => ({
    image: { ...RECORD, id: imageName(i), file: imageName(i), prompt: promptName(promptOf[i]!), seed: i },
    label,
    judgements: 1,
  }));
  const changes = (prompt: number) => Array.from({ length: perturbations }, (_, j) => changedName(prompt, j));
  const texts = new Map([
    ...rowsOf(tensors, 'texts', projectionDim).map((row, i) => [promptName(i), row] as const),
    ...rowsOf(tensors, 'perturbed', projectionDim).map(
      (row, i) => [changedName(Math.floor(i / perturbations), i % perturbations), row] as const,
    ),
  ]);
  const pictures = new Map(rowsOf(tensors, 'images', projectionDim).map((row, i) => [imageName(i), row]));
  return {
    images,
    training: images.slice(0, trainingPairs),
    validation: images.slice(trainingPairs),
    perturbedPrompts: new Map(Array.from({ length: prompts }, (_, i) => [promptName(i), changes(i)])),
    features: {
      projectionDim,
      prepareTexts: async () => {},
      prepareImages: async () => {},
      text: (prompt) => texts.get(prompt)!,
      image: (id) => pictures.get(id)!,
      close: async () => {},
    },
  };
}

const imageName = (index: number) => `image ${index}`;
const promptName = (index: number) => `prompt ${index}`;
const changedName = (prompt: number, change: number) => `prompt ${prompt}, change ${change}`;

const RECORD = {
  category: 'custom',
  holdout: false,
  purpose: 'learn',
  model: 'base',
  modelHash: '',
  sampler: 'dpmpp_2m',
  steps: 20,
  guidanceScale: 3,
  set: 'train',
  width: 64,
  height: 64,
} as const;

function rowsOf(tensors: ParameterValues, name: string, length: number): Float32Array[] {
  const { data } = tensors.get(name)!;
  return Array.from({ length: data.length / length }, (_, i) => data.subarray(i * length, (i + 1) * length));
}
