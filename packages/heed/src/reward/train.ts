/**
 * Reward training: batches of labelled pairs, AdamW, early stopping on a validation split.
 * Deterministic by seed. The loss itself is `loss.ts`; files and projects are `run.ts`'s business.
 */
import {
  createRandom,
  createTrainingStep,
  initializeParameters,
  type ParameterValues,
  type RandomGenerator,
} from '@heed/diffusion/autodiff';
import { planBatches } from './batch-plan.ts';
import type { Features } from './features.ts';
import type { LabelledImage } from './labelled-image.ts';
import { rewardLoss } from './loss.ts';
import { DEFAULT_REWARD_OPTIONS, type RewardOptions } from './options.ts';
import { createRewardModel, type RewardModel, rewardParameterSpecs } from './reward-model.ts';
import { stackRows } from './score-images.ts';
import { measureValidation, type ValidationLoss } from './validation.ts';

/** What one pass over the training pairs gave, and the loss on the validation split, which early stopping looks at. */
export interface RewardEpoch extends ValidationLoss {
  epoch: number;
  loss: number;
  meanSquaredError: number;
  promptClassification?: number;
}

export interface RewardTrainingResult {
  model: RewardModel;
  epochs: RewardEpoch[];
  /** The epoch whose weights were kept. */
  bestEpoch: number;
}

/**
 * Trains r on `training` and keeps the weights of the epoch with the least loss on `validation`. It does so on the
 * processor: a GPU takes longer for a network this small.
 * `features` must hold every image, every prompt and every text of `perturbedPrompts` (prompt -> N other prompts).
 */
export async function trainReward(inputs: {
  training: readonly LabelledImage[];
  validation: readonly LabelledImage[];
  features: Features;
  perturbedPrompts?: ReadonlyMap<string, readonly string[]>;
  options?: Partial<RewardOptions>;
  seed: number;
  threads?: number | undefined;
  signal?: AbortSignal;
  onEpoch?: (epoch: RewardEpoch) => void | Promise<void>;
}): Promise<RewardTrainingResult> {
  const { training, validation, features, seed, signal } = inputs;
  const options: RewardOptions = { ...DEFAULT_REWARD_OPTIONS, ...inputs.options };
  if (training.length === 0) throw new Error('reward training: expected at least one labelled pair, got none');
  const random = createRandom(seed);
  const architecture = { projectionDim: features.projectionDim, hiddenSize: options.hiddenSize };
  const parameters = initializeParameters(rewardParameterSpecs(architecture), random.fork('weights'));
  const perturbedPrompts = options.lambda > 0 ? inputs.perturbedPrompts : undefined;
  const plan = planBatches(training, { batchSize: options.batchSize, perturbedPrompts });
  const session = inputs.threads === undefined ? {} : { threads: inputs.threads };
  const pairShape = [plan.batchSize, architecture.projectionDim];
  const step = await createTrainingStep({
    name: 'reward training',
    inputs: {
      textEmbeds: { shape: pairShape },
      imageEmbeds: { shape: pairShape },
      labels: { shape: [plan.batchSize] },
      perturbedEmbeds: { shape: [Math.max(1, plan.good), options.perturbations, architecture.projectionDim] },
      originalIndex: { shape: [Math.max(1, plan.good)], dtype: 'int64' },
    },
    parameters,
    loss: (p, { perturbedEmbeds, originalIndex, ...batch }) =>
      rewardLoss(p, batch, {
        architecture,
        ...(plan.good > 0 ? { perturbed: { textEmbeds: perturbedEmbeds, originalIndex } } : {}),
        temperature: options.temperature,
        lambda: options.lambda,
      }),
    optimizer: { weightDecay: options.weightDecay },
    ...session,
  });
  const model = await createRewardModel(architecture, parameters, { live: true, ...session });

  const epochs: RewardEpoch[] = [];
  let best = { epoch: 0, loss: Number.POSITIVE_INFINITY, weights: copyParameters(parameters) };
  try {
    for (let epoch = 1; epoch <= options.maxEpochs; epoch++) {
      const totals = { loss: 0, meanSquaredError: 0, promptClassification: 0 };
      const own = random.fork(`epoch ${epoch}`);
      const batches = plan.compose(own);
      for (const items of batches) {
        signal?.throwIfAborted();
        const batch = assembleBatch(items, {
          features,
          good: plan.good,
          perturbations: options.perturbations,
          perturbedPrompts,
          random: own,
        });
        const measured = await step.step(batch, { learningRate: options.learningRate });
        totals.loss += measured.loss / batches.length;
        totals.meanSquaredError += measured.meanSquaredError! / batches.length;
        totals.promptClassification += (measured.promptClassification ?? 0) / batches.length;
      }
      await step.fetchState();
      const { promptClassification, ...rest } = totals;
      const record: RewardEpoch = {
        epoch,
        ...rest,
        ...(plan.good > 0 ? { promptClassification } : {}),
        ...(await measureValidation(model, validation.length > 0 ? validation : training, {
          ...options,
          features,
          perturbedPrompts,
        })),
      };
      epochs.push(record);
      await inputs.onEpoch?.(record);
      if (record.validationLoss < best.loss) {
        best = { epoch, loss: record.validationLoss, weights: copyParameters(parameters) };
      } else if (epoch - best.epoch >= options.patience) break;
    }
  } finally {
    step.dispose();
    model.dispose();
  }
  return { model: await createRewardModel(architecture, best.weights, session), epochs, bestEpoch: best.epoch };
}

/** The arrays of one batch whose first `good` images are good. */
function assembleBatch(
  items: readonly LabelledImage[],
  options: {
    features: Features;
    good: number;
    perturbations: number;
    perturbedPrompts: ReadonlyMap<string, readonly string[]> | undefined;
    random: RandomGenerator;
  },
) {
  const { features, good, perturbations, perturbedPrompts, random } = options;
  const length = features.projectionDim;
  const perturbedEmbeds = items.slice(0, good).flatMap(({ image }) => {
    const others = perturbedPrompts!.get(image.prompt)!;
    // A random place to begin: where there are more than N, each epoch sees other ones.
    const start = random.integer(others.length);
    return Array.from({ length: perturbations }, (_, j) => features.text(others[(start + j) % others.length]!));
  });
  const unused = new Float32Array(perturbations * length);
  return {
    textEmbeds: stackRows(
      items.map(({ image }) => features.text(image.prompt)),
      length,
    ),
    imageEmbeds: stackRows(
      items.map(({ image }) => features.image(image.id)),
      length,
    ),
    labels: Float32Array.from(items, ({ label }) => label),
    perturbedEmbeds: good > 0 ? stackRows(perturbedEmbeds, length) : unused,
    originalIndex: new BigInt64Array(Math.max(1, good)),
  };
}

function copyParameters(parameters: ParameterValues): ParameterValues {
  return new Map([...parameters].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
}
