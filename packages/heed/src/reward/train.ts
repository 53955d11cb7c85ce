/**
 * Reward training: batches of labelled pairs, AdamW, early stopping on a validation split.
 * Deterministic by seed. The loss itself is `loss.ts`; files and projects are `run.ts`'s business.
 */
import {
  createRandom,
  createTrainingStep,
  type Device,
  initializeParameters,
  type ParameterValues,
  type RandomGenerator,
} from '@heed/diffusion/autodiff';
import type { Features } from './features.ts';
import { isGood, type LabelledImage } from './labelled-image.ts';
import { rewardLoss } from './loss.ts';
import { DEFAULT_REWARD_OPTIONS, type RewardOptions } from './options.ts';
import { createRewardModel, type RewardModel, rewardParameterSpecs } from './reward-model.ts';

/** What one pass over the training pairs gave. */
export interface RewardEpoch {
  epoch: number;
  loss: number;
  meanSquaredError: number;
  promptClassification?: number;
  /** Mean squared error on the validation split: what early stopping looks at. */
  validationError: number;
}

export interface RewardTrainingResult {
  model: RewardModel;
  epochs: RewardEpoch[];
  /** The epoch whose weights were kept. */
  bestEpoch: number;
}

/**
 * Trains r on `training` and keeps the weights of the epoch with the least error on `validation`.
 * `features` must hold every image, every prompt and every text of `perturbedPrompts` (prompt -> N other prompts).
 */
export async function trainReward(inputs: {
  training: readonly LabelledImage[];
  validation: readonly LabelledImage[];
  features: Features;
  perturbedPrompts?: ReadonlyMap<string, readonly string[]>;
  options?: Partial<RewardOptions>;
  seed: number;
  device?: Device;
  threads?: number;
  signal?: AbortSignal;
  onEpoch?: (epoch: RewardEpoch) => void | Promise<void>;
}): Promise<RewardTrainingResult> {
  const { training, validation, features, seed, signal } = inputs;
  const options: RewardOptions = { ...DEFAULT_REWARD_OPTIONS, ...inputs.options };
  if (training.length === 0) throw new Error('reward training: expected at least one labelled pair, got none');
  const random = createRandom(seed);
  const architecture = { projectionDim: features.projectionDim, hiddenSize: options.hiddenSize };
  const parameters = initializeParameters(rewardParameterSpecs(architecture), random.fork('weights'));
  const promptCount = options.lambda > 0 && inputs.perturbedPrompts ? 1 + options.perturbations : 1;
  const batchSize = Math.min(options.batchSize, training.length);
  const session = {
    ...(inputs.device === undefined ? {} : { device: inputs.device }),
    ...(inputs.threads === undefined ? {} : { threads: inputs.threads }),
  };
  const step = await createTrainingStep({
    name: 'reward training',
    inputs: {
      textEmbeds: { shape: [batchSize, promptCount, architecture.projectionDim] },
      imageEmbeds: { shape: [batchSize, architecture.projectionDim] },
      labels: { shape: [batchSize] },
      classificationWeights: { shape: [batchSize] },
      originalIndex: { shape: [batchSize], dtype: 'int64' },
    },
    parameters,
    loss: (p, batch) =>
      rewardLoss(p, batch, {
        architecture,
        promptCount,
        temperature: options.temperature,
        lambda: options.lambda,
      }),
    optimizer: { weightDecay: options.weightDecay },
    ...session,
  });
  const model = await createRewardModel(architecture, parameters, { live: true, ...session });

  const epochs: RewardEpoch[] = [];
  let best = { epoch: 0, error: Number.POSITIVE_INFINITY, weights: copyParameters(parameters) };
  try {
    for (let epoch = 1; epoch <= options.maxEpochs; epoch++) {
      const totals = { loss: 0, meanSquaredError: 0, promptClassification: 0 };
      const order = random.fork(`epoch ${epoch}`).shuffle([...training]);
      const batches = Math.max(1, Math.floor(order.length / batchSize));
      for (let i = 0; i < batches; i++) {
        signal?.throwIfAborted();
        const batch = assembleBatch(order.slice(i * batchSize, (i + 1) * batchSize), {
          features,
          promptCount,
          perturbedPrompts: inputs.perturbedPrompts,
          random: random.fork(`prompts ${epoch} ${i}`),
        });
        const measured = await step.step(batch, { learningRate: options.learningRate });
        totals.loss += measured.loss / batches;
        totals.meanSquaredError += measured.meanSquaredError! / batches;
        totals.promptClassification += (measured.promptClassification ?? 0) / batches;
      }
      const { promptClassification, ...rest } = totals;
      const record: RewardEpoch = {
        epoch,
        ...rest,
        ...(promptCount > 1 ? { promptClassification } : {}),
        validationError: await meanSquaredErrorOn(model, validation.length > 0 ? validation : training, features),
      };
      epochs.push(record);
      await inputs.onEpoch?.(record);
      if (record.validationError < best.error) {
        best = { epoch, error: record.validationError, weights: copyParameters(parameters) };
      } else if (epoch - best.epoch >= options.patience) break;
    }
  } finally {
    step.dispose();
    model.dispose();
  }
  return { model: await createRewardModel(architecture, best.weights, session), epochs, bestEpoch: best.epoch };
}

/** Scores labelled images of one list; the order is kept. */
export async function scoreImages(
  model: RewardModel,
  images: readonly { id: string; prompt: string }[],
  features: Features,
): Promise<Float32Array> {
  return model.score(
    stackRows(
      images.map(({ prompt }) => features.text(prompt)),
      features.projectionDim,
    ),
    stackRows(
      images.map(({ id }) => features.image(id)),
      features.projectionDim,
    ),
  );
}

async function meanSquaredErrorOn(
  model: RewardModel,
  labelled: readonly LabelledImage[],
  features: Features,
): Promise<number> {
  const rewards = await scoreImages(
    model,
    labelled.map(({ image }) => image),
    features,
  );
  let total = 0;
  labelled.forEach(({ label }, i) => {
    total += (label - rewards[i]!) ** 2;
  });
  return total / labelled.length;
}

/** The arrays of one batch; prompt 0 of each row is the image's own. */
function assembleBatch(
  items: readonly LabelledImage[],
  options: {
    features: Features;
    promptCount: number;
    perturbedPrompts: ReadonlyMap<string, readonly string[]> | undefined;
    random: RandomGenerator;
  },
) {
  const { features, promptCount, perturbedPrompts, random } = options;
  const length = features.projectionDim;
  const textEmbeds = new Float32Array(items.length * promptCount * length);
  const takesPart = items.map((item) => isGood(item) && (perturbedPrompts?.get(item.image.prompt)?.length ?? 0) > 0);
  const goodCount = takesPart.filter(Boolean).length;
  items.forEach(({ image }, i) => {
    const others = takesPart[i] ? perturbedPrompts!.get(image.prompt)! : [image.prompt];
    // A random place to begin: where there are more than N, each epoch sees other ones.
    const start = random.integer(others.length);
    for (let j = 0; j < promptCount; j++) {
      const prompt = j === 0 ? image.prompt : others[(start + j - 1) % others.length]!;
      textEmbeds.set(features.text(prompt), (i * promptCount + j) * length);
    }
  });
  return {
    textEmbeds,
    imageEmbeds: stackRows(
      items.map(({ image }) => features.image(image.id)),
      length,
    ),
    labels: Float32Array.from(items, ({ label }) => label),
    classificationWeights: Float32Array.from(takesPart, (part) => (part ? 1 / goodCount : 0)),
    originalIndex: new BigInt64Array(items.length),
  };
}

function stackRows(rows: readonly Float32Array[], length: number): Float32Array {
  const stacked = new Float32Array(rows.length * length);
  rows.forEach((row, i) => {
    stacked.set(row, i * length);
  });
  return stacked;
}

function copyParameters(parameters: ParameterValues): ParameterValues {
  return new Map([...parameters].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
}
