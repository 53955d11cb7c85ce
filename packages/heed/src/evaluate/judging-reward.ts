/**
 * The judging reward: trained on labels that the tuning reward never saw, so that both rewards do not share the same
 * errors. A model that exploits the tuning reward gains less when the judging reward measures it.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import type { ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { threadsOf } from '../project/runtime.ts';
import { accuracyTable, type PairAccuracy, pairOutcomes } from '../reward/accuracy.ts';
import type { Features } from '../reward/features.ts';
import { isBad, isGood, type LabelledImage } from '../reward/labelled-image.ts';
import { readPredictions } from '../reward/predictions.ts';
import { readLabels } from '../reward/project-labels.ts';
import type { RewardModel } from '../reward/reward-model.ts';
import { scoreImages } from '../reward/score-images.ts';
import { rewardFolder } from '../reward/scorer.ts';
import { trainReward } from '../reward/train.ts';

/** The least number of good and of bad labels for training a judge. */
const LABELS_NEEDED = 20;
const VALIDATION_SHARE = 0.2;

export interface JudgingReward {
  readonly model: RewardModel;
  /** Number of labels that the judging reward learned from. */
  readonly labels: number;
  /**
   * Accuracy of the judging reward on pairs of images from the tuning reward's labels, which the judging reward did not
   * see.
   */
  readonly accuracy: PairAccuracy;
}

/**
 * Trains the judging reward, or returns a sentence that says why the training is not possible. The judging reward does
 * not learn from the images in `exclude`, which it will score later.
 */
export async function trainJudgingReward(
  project: Project,
  options: {
    reward: string;
    exclude: ReadonlySet<string>;
    features: Features;
    store: ImageStore;
    signal?: AbortSignal | undefined;
  },
): Promise<JudgingReward | string> {
  const { reward, exclude, features, store, signal } = options;
  const predictions = await readPredictions(rewardFolder(project, reward));
  if (!predictions) {
    return `the reward '${reward}' does not say which labels it saw, so that no judging reward can be trained; train it again with \`heed reward\``;
  }
  const seen = new Set(predictions.filter(({ part }) => LEARNED.has(part)).map(({ image }) => image));
  const labelled = await readLabels(project, store.all());
  const kept = labelled.filter(({ image }) => !seen.has(image.id) && !exclude.has(image.id));
  const good = kept.filter(isGood).length;
  const bad = kept.filter(isBad).length;
  if (Math.min(good, bad) < LABELS_NEEDED) {
    return `a judging reward needs ${LABELS_NEEDED} good and ${LABELS_NEEDED} bad images that the reward '${reward}' did not learn from, there are ${good} and ${bad}; label more images`;
  }
  const tests = labelled.filter(({ image }) => seen.has(image.id));
  await prepare(features, [...kept, ...tests], { store, signal });
  const random = createRandom(project.config.seed).fork('judging reward');
  const isValidation = ({ image }: LabelledImage) => random.fork(image.id).uniform() < VALIDATION_SHARE;
  const { hidden, learningRate, weightDecay, batchSize, epochs, patience } = project.config.reward;
  const { model } = await trainReward({
    training: kept.filter((item) => !isValidation(item)),
    validation: kept.filter(isValidation),
    features,
    options: { hiddenSize: hidden, learningRate, weightDecay, batchSize, maxEpochs: epochs, patience, lambda: 0 },
    seed: random.fork('weights').integer(2 ** 31),
    threads: threadsOf(project),
    ...(signal === undefined ? {} : { signal }),
  });
  const scores = await scoreImages(
    model,
    tests.map(({ image }) => image),
    features,
  );
  return { model, labels: kept.length, accuracy: accuracyTable(pairOutcomes(tests, scores)).all };
}

const LEARNED: ReadonlySet<string> = new Set(['training', 'validation']);

async function prepare(
  features: Features,
  labelled: readonly LabelledImage[],
  { store, signal }: { store: ImageStore; signal: AbortSignal | undefined },
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  await features.prepareImages(
    labelled.map(({ image }) => image.id),
    (id) => store.read(id),
    options,
  );
  await features.prepareTexts(
    labelled.map(({ image }) => image.prompt),
    options,
  );
}
