/**
 * Reward training: batches of labelled pairs, AdamW, early stopping on a validation split. Training is deterministic
 * for a seed. `loss.ts` defines the loss; `run.ts` handles files and projects.
 */
import {
  add,
  createRandom,
  createTrainingStep,
  type Feed,
  type InputSpec,
  initializeParameters,
  mul,
  type ParameterScope,
  type ParameterValues,
  type RandomGenerator,
  type Tensor,
} from '@heed/diffusion/autodiff';
import { type BatchPlan, planBatches } from './batch-plan.ts';
import type { Features } from './features.ts';
import type { LabelledImage } from './labelled-image.ts';
import { pairLoss, type RewardBatch, rewardLoss } from './loss.ts';
import type { RewardArchitecture } from './model.ts';
import { DEFAULT_REWARD_OPTIONS, type RewardOptions } from './options.ts';
import { assemblePairs, measurePairs, type PairPlan, pairInputs, planPairs } from './pair-batches.ts';
import { createRewardModel, type RewardModel, rewardParameterSpecs } from './reward-model.ts';
import type { PairSplit } from './reward-pairs.ts';
import type { JudgementWeight } from './round-weights.ts';
import { stackRows } from './score-images.ts';
import { measureValidation, type ValidationLoss } from './validation.ts';

/** The training losses of one epoch, and the validation loss for early stopping. */
export interface RewardEpoch extends Partial<ValidationLoss> {
  epoch: number;
  loss: number;
  validationLoss: number;
  /** Undefined without labels. */
  meanSquaredError?: number;
  promptClassification?: number;
  /** Bradley-Terry loss of the preferences; undefined without preferences. */
  pairLoss?: number;
  validationPairLoss?: number;
}

export interface RewardTrainingResult {
  model: RewardModel;
  epochs: RewardEpoch[];
  /** The epoch whose weights were kept. */
  bestEpoch: number;
}

interface RewardTrainingInputs {
  training: readonly LabelledImage[];
  validation: readonly LabelledImage[];
  /** Preferences, in addition to labels or alone. */
  pairs?: Pick<PairSplit, 'training' | 'validation'>;
  features: Features;
  perturbedPrompts?: ReadonlyMap<string, readonly string[]>;
  options?: Partial<RewardOptions>;
  /** Weight of each label or preference; all equal if undefined. */
  weightOf?: JudgementWeight | undefined;
  seed: number;
  threads?: number | undefined;
  signal?: AbortSignal;
  onEpoch?: (epoch: RewardEpoch) => void | Promise<void>;
}

/**
 * Trains r on `training` and keeps the weights of the epoch with the lowest loss on `validation`. Training runs on the
 * CPU, because a GPU is slower for a network this small. `features` must contain every image, every prompt and every
 * text of `perturbedPrompts` (prompt -> N other prompts).
 */
export async function trainReward(inputs: RewardTrainingInputs): Promise<RewardTrainingResult> {
  const { training, validation, features, weightOf, seed, signal } = inputs;
  const options: RewardOptions = { ...DEFAULT_REWARD_OPTIONS, ...inputs.options };
  const pairs = inputs.pairs ?? { training: [], validation: [] };
  if (training.length + pairs.training.length === 0) {
    throw new Error('reward training: expected at least one labelled image or preference, got none');
  }
  const random = createRandom(seed);
  const architecture = { projectionDim: features.projectionDim, hiddenSize: options.hiddenSize };
  const parameters = initializeParameters(rewardParameterSpecs(architecture), random.fork('weights'));
  const perturbedPrompts = options.lambda > 0 ? inputs.perturbedPrompts : undefined;
  const plan = planBatches(training, { batchSize: options.batchSize, perturbedPrompts });
  const pairPlan = planPairs(pairs.training, options);
  const session = inputs.threads === undefined ? {} : { threads: inputs.threads };
  const step = await createTrainingStep({
    name: 'reward training',
    inputs: batchInputs({
      plan,
      pairPlan,
      options,
      dimension: architecture.projectionDim,
      isWeighted: weightOf !== undefined,
    }),
    parameters,
    loss: (p, batch) => batchLoss(p, batch, { architecture, plan, pairPlan, options }),
    optimizer: { weightDecay: options.weightDecay },
    ...session,
  });
  const model = await createRewardModel(architecture, parameters, { live: true, ...session });

  /** Runs one pass over the training data and returns the means of the steps' metrics. */
  const trainEpoch = async (number: number): Promise<Record<string, number>> => {
    const { steps, feedsAt } = composeEpoch(random.fork(`epoch ${number}`), {
      ...{ plan, pairPlan, options, features, perturbedPrompts, weightOf },
    });
    const totals: Record<string, number> = {};
    for (let i = 0; i < steps; i++) {
      signal?.throwIfAborted();
      const measured = await step.step(feedsAt(i), { learningRate: options.learningRate });
      for (const [name, value] of Object.entries(measured)) totals[name] = (totals[name] ?? 0) + value / steps;
    }
    await step.fetchState();
    return totals;
  };
  const epochs: RewardEpoch[] = [];
  let best = { epoch: 0, loss: Number.POSITIVE_INFINITY, weights: copyParameters(parameters) };
  try {
    for (let epoch = 1; epoch <= options.maxEpochs; epoch++) {
      const record: RewardEpoch = {
        epoch,
        ...lossesOf(await trainEpoch(epoch)),
        ...(await validationOf(model, {
          labelled: [validation, training],
          pairs,
          features,
          perturbedPrompts,
          options,
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

/** Batches of labels and of preferences for one epoch. If one kind has fewer batches, its batches are repeated. */
function composeEpoch(
  random: RandomGenerator,
  {
    plan,
    pairPlan,
    options,
    ...inputs
  }: {
    plan: BatchPlan;
    pairPlan: PairPlan;
    options: RewardOptions;
    features: Features;
    perturbedPrompts: ReadonlyMap<string, readonly string[]> | undefined;
    weightOf: JudgementWeight | undefined;
  },
): { steps: number; feedsAt(i: number): Record<string, Feed> } {
  const batches = plan.compose(random);
  const pairBatches = pairPlan.compose(random.fork('pairs'));
  const labelledOptions = { ...inputs, good: plan.good, perturbations: options.perturbations, random };
  return {
    steps: Math.max(batches.length, pairBatches.length),
    feedsAt(i) {
      const labelled = batches[i % batches.length];
      const preferred = pairBatches[i % pairBatches.length];
      return {
        ...(labelled && assembleBatch(labelled, labelledOptions)),
        ...(preferred && assemblePairs(preferred, inputs)),
      };
    },
  };
}

function lossesOf({
  loss = 0,
  meanSquaredError,
  promptClassification,
  pairLoss: ofPairs,
}: Readonly<Record<string, number>>): Pick<
  RewardEpoch,
  'loss' | 'meanSquaredError' | 'promptClassification' | 'pairLoss'
> {
  return {
    loss,
    ...(meanSquaredError === undefined ? {} : { meanSquaredError }),
    ...(promptClassification === undefined ? {} : { promptClassification }),
    ...(ofPairs === undefined ? {} : { pairLoss: ofPairs }),
  };
}

/** The inputs of a step: a batch of labelled images, a batch of preferences, or both. */
function batchInputs({
  plan,
  pairPlan,
  options,
  dimension,
  isWeighted,
}: {
  plan: BatchPlan;
  pairPlan: PairPlan;
  options: RewardOptions;
  /** Dimension of an embedding. */
  dimension: number;
  isWeighted: boolean;
}): Record<string, InputSpec> {
  const { batchSize } = plan;
  const good = Math.max(1, plan.good);
  const labelled: Record<string, InputSpec> = {
    textEmbeds: { shape: [batchSize, dimension] },
    imageEmbeds: { shape: [batchSize, dimension] },
    labels: { shape: [batchSize] },
    ...(isWeighted ? { weights: { shape: [batchSize] } } : {}),
    perturbedEmbeds: { shape: [good, options.perturbations, dimension] },
    originalIndex: { shape: [good], dtype: 'int64' },
  };
  return {
    ...(batchSize > 0 ? labelled : {}),
    ...(pairPlan.batchSize > 0 ? pairInputs(pairPlan.batchSize, dimension, { isWeighted }) : {}),
  };
}

/** The training loss: L_mse + lambda * L_pc of labels, plus the Bradley-Terry loss of preferences. */
function batchLoss(
  p: ParameterScope,
  {
    pairTextEmbeds,
    firstEmbeds,
    secondEmbeds,
    shares,
    pairWeights,
    perturbedEmbeds,
    originalIndex,
    ...rest
  }: BatchTensors,
  {
    architecture,
    plan,
    pairPlan,
    options,
  }: { architecture: RewardArchitecture; plan: BatchPlan; pairPlan: PairPlan; options: RewardOptions },
): { loss: Tensor } & Readonly<Record<string, Tensor>> {
  const { temperature, lambda, pairWeight } = options;
  const labelled =
    plan.batchSize > 0
      ? rewardLoss(p, rest as RewardBatch & BatchTensors, {
          architecture,
          ...(plan.good > 0 ? { perturbed: { textEmbeds: perturbedEmbeds!, originalIndex: originalIndex! } } : {}),
          temperature,
          lambda,
        })
      : undefined;
  if (pairPlan.batchSize === 0) return labelled!;
  const ofPairs = pairLoss(
    p,
    {
      textEmbeds: pairTextEmbeds!,
      firstEmbeds: firstEmbeds!,
      secondEmbeds: secondEmbeds!,
      shares: shares!,
      weights: pairWeights,
    },
    { architecture },
  );
  if (!labelled) return { loss: ofPairs, pairLoss: ofPairs };
  return { ...labelled, loss: add(labelled.loss, mul(ofPairs, pairWeight)), pairLoss: ofPairs };
}

type BatchTensors = Readonly<Record<string, Tensor>>;

/**
 * The loss for early stopping, over labels and preferences. Without validation data the loss is measured on training
 * data.
 */
async function validationOf(
  model: RewardModel,
  inputs: {
    labelled: readonly [validation: readonly LabelledImage[], training: readonly LabelledImage[]];
    pairs: Pick<PairSplit, 'training' | 'validation'>;
    features: Features;
    perturbedPrompts: ReadonlyMap<string, readonly string[]> | undefined;
    options: RewardOptions;
  },
): Promise<Partial<ValidationLoss> & { validationLoss: number; validationPairLoss?: number }> {
  const { labelled, pairs, features, perturbedPrompts, options } = inputs;
  const held = labelled.find((items) => items.length > 0);
  const ofLabels = held && (await measureValidation(model, held, { ...options, features, perturbedPrompts }));
  const heldPairs = [pairs.validation, pairs.training].find((items) => items.length > 0);
  if (!heldPairs) return ofLabels!;
  const validationPairLoss = await measurePairs(model, heldPairs, features);
  if (!ofLabels) return { validationLoss: validationPairLoss, validationPairLoss };
  const validationLoss = ofLabels.validationLoss + options.pairWeight * validationPairLoss;
  return { ...ofLabels, validationLoss, validationPairLoss };
}

/** Fills the arrays of one batch, whose first `good` images are good. */
function assembleBatch(
  items: readonly LabelledImage[],
  options: {
    features: Features;
    good: number;
    perturbations: number;
    perturbedPrompts: ReadonlyMap<string, readonly string[]> | undefined;
    weightOf: JudgementWeight | undefined;
    random: RandomGenerator;
  },
) {
  const { weightOf, features, good, perturbations, perturbedPrompts, random } = options;
  const length = features.projectionDim;
  const perturbedEmbeds = items.slice(0, good).flatMap(({ image }) => {
    const others = perturbedPrompts!.get(image.prompt)!;
    // Starts at a random index. If there are more than N perturbed prompts, each epoch sees different ones.
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
    ...(weightOf ? { weights: Float32Array.from(items, ({ image }) => weightOf(image)) } : {}),
    perturbedEmbeds: good > 0 ? stackRows(perturbedEmbeds, length) : unused,
    originalIndex: new BigInt64Array(Math.max(1, good)),
  };
}

function copyParameters(parameters: ParameterValues): ParameterValues {
  return new Map([...parameters].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
}
