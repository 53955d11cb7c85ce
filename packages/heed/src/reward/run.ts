/**
 * `heed reward`: learns a reward from the project's judgements, and compares it with CLIP score on held-out pairs. With
 * `variants` it also trains the paper's comparisons (figure 3): without the auxiliary task, and with half the images of
 * each prompt. Images with purpose 'measure' and images of held-out prompts are used for the test alone.
 */
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { writeFileAtomically } from '@heed/diffusion/files';
import { writeFolderHashes } from '../checkpoint/folder-hashes.ts';
import { openFeedbackLog, purposeOf } from '../feedback/index.ts';
import { createImageStore, type ImageRecord, type ImageStore } from '../images/index.ts';
import { openMetricsLog } from '../metrics/metrics-log.ts';
import { worldOf } from '../parts.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { checkName, type Project, startRun, withLock } from '../project/index.ts';
import { threadsOf } from '../project/runtime.ts';
import { cutPromptsNote } from '../prompts/index.ts';
import { openRounds, type Rounds } from '../rounds/lineage.ts';
import { clipScores, type PromptPairs, pairOutcomes } from './accuracy.ts';
import { checkSplit } from './check-split.ts';
import type { Features } from './features.ts';
import {
  halveImages,
  type LabelledImage,
  mayLearnFrom,
  type RewardSplit,
  splitLabelledImages,
} from './labelled-image.ts';
import { CURVE_SHARES, curveImages, type LearningCurve, learningCurve } from './learning-curve.ts';
import { leftOutOf } from './left-out.ts';
import type { RewardOptions } from './options.ts';
import { perturbPrompts } from './perturbed-prompts.ts';
import { pickUnjudged, predictedImages, predictionsOf, writePredictions } from './predictions.ts';
import { projectImages, uniqueById } from './project-images.ts';
import { readCountingEvents, readLabels } from './project-labels.ts';
import { REWARD_REPORT_FILE, REWARD_VARIANTS, type RewardReport, type RewardVariant, rewardReport } from './report.ts';
import { ensembleOf, type RewardModel, saveRewardModel } from './reward-model.ts';
import {
  imagesOfPairs,
  type PairSplit,
  type RewardPair,
  rewardPairs,
  splitRewardPairs,
  statedOutcomes,
} from './reward-pairs.ts';
import { roundAccuracies } from './round-accuracy.ts';
import { type JudgementWeight, roundWeights } from './round-weights.ts';
import { scoredTexts, scoreImages, spreadOfImages } from './score-images.ts';
import { openProjectFeatures, rewardFolder } from './scorer.ts';
import { chooseTemperature, projectContrasts } from './text-norm.ts';
import { trainReward } from './train.ts';
import { categoryTrust } from './trust.ts';

export { REWARD_REPORT_FILE, type RewardReport, type RewardVariant } from './report.ts';

export interface RewardRunOptions {
  /** The reward is written to `models/reward-<name>`. */
  name?: string;
  /** Variants of the paper's figure 3 to train besides 'aux'. 'aux' is always trained, and its reward is kept. */
  variants?: readonly RewardVariant[] | undefined;
  /** Whether to train on shares of the labels as well, to estimate the benefit of more labels. Default: true. */
  learningCurve?: boolean | undefined;
  seed?: number;
  /** Overrides of the project's settings. */
  training?: Partial<RewardOptions>;
  signal?: AbortSignal | undefined;
  /** Called with a sentence about prompts that CLIP truncates. */
  note?: ((text: string) => void) | undefined;
}

export interface RewardRunResult extends RewardReport {
  name: string;
  run: string;
  folder: string;
  /** For each variant, the epoch whose weights early stopping kept. */
  epochs: Partial<Record<RewardVariant, number>>;
  warnings: string[];
}

/** Trains and measures the reward, and writes `models/reward-<name>/` and `runs/<id>/`. */
export async function runReward(
  project: Project,
  options: RewardRunOptions,
  progress: ProgressFactory,
): Promise<RewardRunResult> {
  return withLock(project, 'reward', () => learn(project, options, progress));
}

async function learn(project: Project, options: RewardRunOptions, progress: ProgressFactory): Promise<RewardRunResult> {
  const { name = 'default', seed = project.config.seed, signal } = options;
  checkName(name, 'reward');
  const training = { ...rewardOptionsOf(project), ...options.training };
  const store = createImageStore(project.paths.images);
  const data = await readJudged(project, store, { seed });
  const { all, split, pairs, judged } = data;
  const rounds = await openRounds(project);
  const run = await startRun(project, { command: 'reward' });
  const { features, clip, clipHash, close } = await openProjectFeatures(project, { progress, signal });
  try {
    const perturbed = perturbPrompts([...split.training, ...split.validation], {
      count: training.perturbations,
      seed,
      world: await worldOf(project.config),
      prompts: all.filter(mayLearnFrom).map(({ prompt }) => prompt),
    });
    const unjudged = pickUnjudged(all, { labelled: data.labelled, seed });
    const images = [...judged, ...unjudged];
    await prepare(features, { images, perturbedPrompts: perturbed.byPrompt, store, progress, signal });
    const prompts = images.map(({ prompt }) => prompt);
    const cut = cutPromptsNote(prompts, { reader: clip, name: 'CLIP' });
    if (cut !== undefined) options.note?.(cut);
    const inputs: TrainingInputs = {
      split,
      pairs,
      training,
      features,
      perturbedPrompts: perturbed.byPrompt,
      weightOf: roundWeights([...split.training.map(({ image }) => image), ...imagesOfPairs(pairs.training)], {
        rounds,
        decay: project.config.reward.roundDecay,
      }),
      seed,
      members: project.config.reward.members,
      progress,
      threads: threadsOf(project),
      signal,
    };
    const { kept, epochs, outcomes } = await trainVariants(options.variants ?? [], {
      ...inputs,
      runFolder: run.folder,
    });
    const curve = (options.learningCurve ?? true) ? await measureCurve(outcomes.aux, inputs) : undefined;
    const { norm, scores, measured } = await measureReward(project, { ...inputs, kept, outcomes, unjudged, rounds });
    const report: RewardReport = {
      ...measured,
      trust: categoryTrust(measured.accuracy.aux!, new Set(judged.map(({ category }) => category))),
      ...(curve === undefined ? {} : { learningCurve: curve }),
      perturbations: training.lambda > 0 ? perturbed.sources : {},
      ...(data.stated.length === 0 ? {} : { preferences: countsOf(pairs) }),
      leftOut: leftOutOf(judged),
    };
    const folder = rewardFolder(project, name);
    await saveRewardModel(folder, kept, {
      clipHash,
      textNorm: norm?.config,
      training: {
        ...training,
        seed,
        images: report.images,
        epochs: epochs.aux,
        run: run.id,
        judgements: data.judgements,
      },
    });
    kept.dispose();
    await writeResults([folder, run.folder], { report, predictions: predictionsOf(split, unjudged, scores) });
    await writeFolderHashes(folder);
    const warnings = report.gate.warning === undefined ? [] : [report.gate.warning];
    return { name, run: run.id, folder, ...report, epochs, warnings };
  } finally {
    await close();
    await store.close();
  }
}

/** Reads the project's judged images and preferences, and splits them into training, validation and test. */
async function readJudged(project: Project, store: ImageStore, { seed }: { seed: number }) {
  const all = await projectImages(project, store);
  const events = await openFeedbackLog(project.paths.feedback).read();
  const labelled = await readLabels(project, all);
  const { testShare } = project.config.reward;
  const split = splitLabelledImages(labelled, { seed, testShare });
  const stated = rewardPairs(uniqueById(all), await readCountingEvents(project));
  const pairs = splitRewardPairs(stated, { seed, labelled: split, testShare });
  checkSplit(split, labelled, pairs);
  return {
    all,
    labelled,
    split,
    stated,
    pairs,
    judged: imagesJudged(labelled, stated),
    judgements: events.filter((event) => purposeOf(event) === 'feedback').length,
  };
}

/** Scores all images with the reward that is saved ('aux'), and measures all trained variants on held-out pairs. */
async function measureReward(
  project: Project,
  inputs: TrainingInputs &
    Pick<Awaited<ReturnType<typeof trainVariants>>, 'kept' | 'outcomes'> & {
      unjudged: readonly ImageRecord[];
      rounds: Rounds;
    },
) {
  const { split, pairs, features, seed, kept, outcomes, unjudged, rounds } = inputs;
  const predicted = predictedImages(split, unjudged);
  const norm = await chooseNorm(project, {
    kept,
    validation: split.validation,
    images: [...predicted, ...imagesOfPairs(pairs.test)],
    features,
    seed,
  });
  const scores = {
    rewards: await scoreImages(kept, predicted, features, norm?.norm),
    spreads: await spreadOfImages(kept, predicted, features),
    clips: clipScores(predicted, features),
  };
  const measured = rewardReport(
    { training: split.training.length, validation: split.validation.length, test: split.test.length },
    {
      ...outcomes,
      aux: await outcomesOf(inputs, (of) => scoreImages(kept, of, features, norm?.norm)),
      clip: await outcomesOf(inputs, (of) => clipScores(of, features)),
    },
    roundAccuracies(split, { rounds, scores: testScores(split, scores) }),
  );
  return { norm, scores, measured };
}

async function writeResults(
  folders: readonly string[],
  { report, predictions }: { report: RewardReport; predictions: Parameters<typeof writePredictions>[1] },
): Promise<void> {
  // Predictions are written before the report, so that a reader of the report finds them.
  await writePredictions(folders, predictions);
  const text = `${JSON.stringify(report, null, 2)}\n`;
  for (const folder of folders) await writeFileAtomically(join(folder, REWARD_REPORT_FILE), text);
}

function rewardOptionsOf({
  config: { reward },
}: Project): Partial<RewardOptions> & { lambda: number; perturbations: number } {
  return {
    hiddenSize: reward.hidden,
    temperature: reward.temperature,
    lambda: reward.lambda,
    perturbations: reward.perturbations,
    pairWeight: reward.pairWeight,
    learningRate: reward.learningRate,
    weightDecay: reward.weightDecay,
    batchSize: reward.batchSize,
    maxEpochs: reward.epochs,
    patience: reward.patience,
  };
}

async function prepare(
  features: Features,
  inputs: {
    images: readonly { id: string; prompt: string }[];
    perturbedPrompts: ReadonlyMap<string, readonly string[]>;
    store: Pick<ImageStore, 'read'>;
    progress: ProgressFactory;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { images, perturbedPrompts, store, progress } = inputs;
  const signal = inputs.signal === undefined ? {} : { signal: inputs.signal };
  const ids = images.map(({ id }) => id);
  const texts = [...images.map(({ prompt }) => prompt), ...[...perturbedPrompts.values()].flat()];
  const bar = progress({ total: ids.length, label: 'embed images', unit: 'image' });
  await features.prepareImages(ids, (id) => store.read(id), { ...signal, onProgress: (done) => bar.update(done) });
  bar.done();
  await features.prepareTexts(texts, signal);
}

/** Inputs that all trainings of one run share. */
interface TrainingInputs {
  split: RewardSplit;
  pairs: PairSplit;
  training: Partial<RewardOptions> & { lambda: number };
  features: Features;
  perturbedPrompts: ReadonlyMap<string, readonly string[]>;
  weightOf: JudgementWeight | undefined;
  seed: number;
  /** Number of networks in the reward that is saved; more than one makes an ensemble. */
  members: number;
  progress: ProgressFactory;
  threads: number | undefined;
  signal: AbortSignal | undefined;
}

/** Trains the reward that is saved ('aux') and the requested variants, in the order of the paper's figure 3. */
async function trainVariants(
  wanted: readonly RewardVariant[],
  inputs: TrainingInputs & { runFolder: string },
): Promise<{
  kept: RewardModel;
  epochs: RewardRunResult['epochs'];
  outcomes: { aux: PromptPairs[] } & Partial<Record<RewardVariant, PromptPairs[]>>;
}> {
  const { split, training, features, seed, runFolder } = inputs;
  const outcomes: Partial<Record<RewardVariant, PromptPairs[]>> = {};
  const epochs: RewardRunResult['epochs'] = {};
  let kept: RewardModel | undefined;
  // Without the auxiliary task in the settings, 'plain' equals 'aux'.
  const possible = REWARD_VARIANTS.filter((variant) => variant !== 'plain' || training.lambda > 0);
  for (const variant of possible.filter((each) => each === 'aux' || wanted.includes(each))) {
    const trained = await trainOne(`reward ${variant}`, {
      ...inputs,
      split: variant === 'half' ? { ...split, training: halveImages(split.training, seed) } : split,
      training: variant === 'plain' ? { ...training, lambda: 0 } : training,
      metricsFolder: variant === 'aux' ? runFolder : join(runFolder, variant),
    });
    outcomes[variant] = await outcomesOf(inputs, (images) => scoreImages(trained.model, images, features));
    epochs[variant] = trained.bestEpoch;
    if (variant === 'aux') kept = await withMembers(trained.model, { ...inputs, label: `reward ${variant}` });
    else trained.model.dispose();
  }
  return { kept: kept!, epochs, outcomes: { ...outcomes, aux: outcomes.aux! } };
}

/** Trains the other members of the ensemble, each from a different seed. */
async function withMembers(first: RewardModel, inputs: TrainingInputs & { label: string }): Promise<RewardModel> {
  const { seed, members, label } = inputs;
  const models = [first];
  for (let i = 2; i <= members; i++) {
    const own = createRandom(seed)
      .fork(`member ${i}`)
      .integer(2 ** 31);
    models.push((await trainOne(`${label}, ${i} of ${members}`, { ...inputs, seed: own })).model);
  }
  return ensembleOf(models);
}

/** Sets up TextNorm as the project's settings say. TextNorm's temperature is chosen on the validation images. */
async function chooseNorm(
  project: Project,
  inputs: {
    kept: RewardModel;
    validation: readonly LabelledImage[];
    images: readonly { prompt: string }[];
    features: Features;
    seed: number;
  },
) {
  const { kept, validation, images, features, seed } = inputs;
  const { textNorm: mode, perturbations: count } = project.config.reward;
  if (mode === 'off') return undefined;
  const contrasts = await projectContrasts(project, { count, seed });
  await features.prepareTexts(scoredTexts(images, { mode, temperature: 1, contrasts }));
  const temperature = await chooseTemperature(validation, (tried) =>
    scoreImages(kept, imagesOf(validation), features, { mode, temperature: tried, contrasts }),
  );
  return { norm: { mode, temperature, contrasts }, config: { mode, temperature, contrasts: count, seed } };
}

/**
 * Trains rewards on shares of the training images, for the learning curve. Without held-out pairs to measure on,
 * nothing is trained.
 */
async function measureCurve(all: readonly PromptPairs[], inputs: TrainingInputs): Promise<LearningCurve | undefined> {
  if (all.length === 0) return undefined;
  const { split, features, seed } = inputs;
  const measured = [];
  for (const share of CURVE_SHARES) {
    const training = curveImages(split.training, { share, seed });
    if (training === undefined) continue;
    const { model } = await trainOne(`reward from ${100 * share} %`, { ...inputs, split: { ...split, training } });
    const outcomes = await outcomesOf(inputs, (images) => scoreImages(model, images, features));
    model.dispose();
    measured.push({ share, images: training.length, outcomes });
  }
  return learningCurve([...measured, { share: 1, images: split.training.length, outcomes: all }]);
}

/** Trains one reward and shows the progress. The training's losses are logged if a folder for metrics is given. */
async function trainOne(label: string, inputs: TrainingInputs & { metricsFolder?: string }) {
  const { split, pairs, training, features, perturbedPrompts, weightOf, seed, metricsFolder } = inputs;
  const { progress, threads, signal } = inputs;
  const metrics = metricsFolder === undefined ? undefined : await openMetricsLog(metricsFolder);
  const bar = progress({ total: training.maxEpochs ?? 0, label, unit: 'epoch' });
  try {
    return await trainReward({
      training: split.training,
      validation: split.validation,
      pairs,
      features,
      perturbedPrompts,
      weightOf,
      options: training,
      seed,
      threads,
      ...(signal === undefined ? {} : { signal }),
      async onEpoch({ epoch, ...values }) {
        await metrics?.log(epoch, values);
        bar.update(epoch, { loss: values.loss, validation: values.validationLoss });
      },
    });
  } finally {
    bar.done();
    await metrics?.close();
  }
}

/**
 * Computes pair outcomes on held-out images, both for pairs of a good and a bad image and for stated preferences. All
 * scorers get the same pairs in the same order.
 */
async function outcomesOf(
  { split, pairs }: { split: RewardSplit; pairs: PairSplit },
  score: (images: { id: string; prompt: string }[]) => ArrayLike<number> | Promise<ArrayLike<number>>,
): Promise<PromptPairs[]> {
  const ofLabels = imagesOf(split.test);
  const ofPairs = imagesOfPairs(pairs.test);
  const scores = await score([...ofLabels, ...ofPairs]);
  const byId = new Map(ofPairs.map(({ id }, i) => [id, scores[ofLabels.length + i]!]));
  return [...pairOutcomes(split.test, scores), ...statedOutcomes(pairs.test, (id) => byId.get(id)!)];
}

function imagesJudged(labelled: readonly LabelledImage[], pairs: readonly RewardPair[]): ImageRecord[] {
  return uniqueById([...labelled.map(({ image }) => image), ...imagesOfPairs(pairs)]);
}

function countsOf({ training, validation, test }: PairSplit): NonNullable<RewardReport['preferences']> {
  return { training: training.length, validation: validation.length, test: test.length };
}

/** Selects the scores of the test images; `rewards` and `clips` have the order of `predictedImages`. */
function testScores(
  { training, validation, test }: RewardSplit,
  { rewards, clips }: { rewards: Float32Array; clips: Float32Array },
) {
  const start = training.length + validation.length;
  const end = start + test.length;
  return { rewards: rewards.subarray(start, end), clips: clips.subarray(start, end) };
}

function imagesOf(labelled: readonly LabelledImage[]): { id: string; prompt: string }[] {
  return labelled.map(({ image }) => image);
}
