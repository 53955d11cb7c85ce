/**
 * `heed reward`: learns a reward from the project's judgements and measures it beside CLIP score on held-out pairs.
 * Three trainings show what the paper's figure 3 shows: with the auxiliary task (the one that is kept), without it, and
 * with half the images of each prompt. Evaluation images that were judged only test; unseen objects come from them alone.
 */
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { writeDurably } from '../checkpoint/durable.ts';
import { badInput } from '../errors.ts';
import { createImageStore } from '../images/index.ts';
import { openMetricsLog } from '../metrics/metrics-log.ts';
import { worldOf } from '../parts.ts';
import type { World } from '../ports.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { checkName, type Project, startRun, withLock } from '../project/index.ts';
import { runtimeOf } from '../project/runtime.ts';
import { clipScores, type PromptPairs, pairOutcomes } from './accuracy.ts';
import type { Features } from './features.ts';
import {
  halveImages,
  isBad,
  isGood,
  type LabelledImage,
  type RewardSplit,
  splitLabelledImages,
} from './labelled-image.ts';
import type { RewardOptions } from './options.ts';
import { pickUnjudged, predictedImages, predictionsOf, writePredictions } from './predictions.ts';
import { readLabels } from './project-labels.ts';
import { REWARD_REPORT_FILE, REWARD_VARIANTS, type RewardReport, type RewardVariant, rewardReport } from './report.ts';
import { type RewardModel, saveRewardModel } from './reward-model.ts';
import { scoreImages } from './score-images.ts';
import { openProjectFeatures, rewardFolder } from './scorer.ts';
import { trainReward } from './train.ts';

export { REWARD_REPORT_FILE, type RewardReport, type RewardVariant } from './report.ts';

export interface RewardRunOptions {
  /** The reward is written to `models/reward-<name>`. */
  name?: string;
  /** Which trainings to make; 'aux' is the one that is kept and always made. */
  variants?: readonly RewardVariant[];
  seed?: number;
  /** Override the project's settings. */
  training?: Partial<RewardOptions>;
  signal?: AbortSignal;
}

export interface RewardRunResult extends RewardReport {
  name: string;
  run: string;
  folder: string;
  /** Epochs kept by early stopping. */
  epochs: Partial<Record<RewardVariant, number>>;
  warnings: string[];
}

/** Trains, measures, and writes `models/reward-<name>/` and `runs/<id>/`. */
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
  const labelled = await readLabels(project, store.all());
  const split = splitLabelledImages(labelled, { seed, testShare: project.config.reward.testShare });
  checkSplit(split);
  const run = await startRun(project, { command: 'reward' });
  const { features, clipHash, close } = await openProjectFeatures(project, { progress, signal });
  try {
    const perturbedPrompts = perturbPrompts([...split.training, ...split.validation], {
      count: training.perturbations,
      seed,
      world: await worldOf(project.config),
    });
    const unjudged = pickUnjudged(store.all(), { labelled, seed });
    const images = [...imagesOf(labelled), ...unjudged];
    await prepare(features, { images, perturbedPrompts, store, progress, ...(signal ? { signal } : {}) });

    const clip = pairOutcomes(split.test, clipScores(imagesOf(split.test), features));
    const outcomes: Partial<Record<RewardVariant, PromptPairs[]>> = {};
    const epochs: RewardRunResult['epochs'] = {};
    const wanted = options.variants ?? variantsFor(training);
    let kept: RewardModel | undefined;
    for (const variant of REWARD_VARIANTS.filter((each) => each === 'aux' || wanted.includes(each))) {
      const trained = await trainVariant(variant, {
        split: variant === 'half' ? halved(split, seed) : split,
        training: variant === 'plain' ? { ...training, lambda: 0 } : training,
        features,
        perturbedPrompts,
        seed,
        runFolder: run.folder,
        progress,
        threads: runtimeOf(project).threads,
        ...(signal ? { signal } : {}),
      });
      outcomes[variant] = pairOutcomes(split.test, await scoreImages(trained.model, imagesOf(split.test), features));
      epochs[variant] = trained.bestEpoch;
      if (variant === 'aux') kept = trained.model;
      else trained.model.dispose();
    }

    const report = rewardReport(
      { training: split.training.length, validation: split.validation.length, test: split.test.length },
      { ...outcomes, aux: outcomes.aux!, clip },
    );
    const folder = rewardFolder(project, name);
    await saveRewardModel(folder, kept!, {
      clipHash,
      training: { ...training, seed, images: report.images, epochs: epochs.aux, run: run.id },
    });
    const predicted = predictedImages(split, unjudged);
    const scores = {
      rewards: await scoreImages(kept!, predicted, features),
      clips: clipScores(predicted, features),
    };
    kept!.dispose();
    // Before the report: whoever sees the report finds the rest.
    await writePredictions([folder, run.folder], predictionsOf(split, unjudged, scores));
    const text = `${JSON.stringify(report, null, 2)}\n`;
    for (const target of [folder, run.folder]) await writeDurably(join(target, REWARD_REPORT_FILE), text);
    return {
      name,
      run: run.id,
      folder,
      ...report,
      epochs,
      warnings: report.gate.warning === undefined ? [] : [report.gate.warning],
    };
  } finally {
    await close();
    await store.close();
  }
}

function rewardOptionsOf({
  config: { reward },
}: Project): Partial<RewardOptions> & { lambda: number; perturbations: number } {
  return {
    hiddenSize: reward.hidden,
    temperature: reward.temperature,
    lambda: reward.lambda,
    perturbations: reward.perturbations,
    learningRate: reward.learningRate,
    weightDecay: reward.weightDecay,
    batchSize: reward.batchSize,
    maxEpochs: reward.epochs,
    patience: reward.patience,
  };
}

/** Without an auxiliary task in the settings there is nothing to leave out. */
function variantsFor({ lambda }: { lambda: number }): readonly RewardVariant[] {
  return lambda > 0 ? REWARD_VARIANTS : ['aux', 'half'];
}

function checkSplit({ training, validation }: RewardSplit): void {
  const good = training.filter(isGood).length;
  const bad = training.filter(isBad).length;
  if (good === 0 || bad === 0 || validation.length === 0) {
    throw badInput(
      `the reward needs good and bad images to learn from and some to stop by, got ${good} good, ${bad} bad and ${validation.length} (label more images with "heed label")`,
    );
  }
}

/** N other prompts for each prompt that has a good image. */
function perturbPrompts(
  labelled: readonly LabelledImage[],
  options: { count: number; seed: number; world: World },
): Map<string, string[]> {
  const random = createRandom(options.seed);
  const result = new Map<string, string[]>();
  for (const { image } of labelled.filter(isGood)) {
    const { prompt: text, holdout, facts } = image;
    if (result.has(text)) continue;
    const own = random.fork(`perturb ${text}`);
    result.set(text, options.world.perturb({ text, facts, holdout }, { count: options.count, random: own }));
  }
  return result;
}

async function prepare(
  features: Features,
  inputs: {
    images: readonly { id: string; prompt: string }[];
    perturbedPrompts: ReadonlyMap<string, readonly string[]>;
    store: { read(id: string): ReturnType<ReturnType<typeof createImageStore>['read']> };
    progress: ProgressFactory;
    signal?: AbortSignal;
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

async function trainVariant(
  variant: RewardVariant,
  inputs: {
    split: RewardSplit;
    training: Partial<RewardOptions>;
    features: Features;
    perturbedPrompts: ReadonlyMap<string, readonly string[]>;
    seed: number;
    runFolder: string;
    progress: ProgressFactory;
    threads: number | undefined;
    signal?: AbortSignal;
  },
) {
  const { split, training, features, perturbedPrompts, seed, runFolder, progress, threads, signal } = inputs;
  const metrics = await openMetricsLog(variant === 'aux' ? runFolder : join(runFolder, variant));
  const bar = progress({ total: training.maxEpochs ?? 0, label: `reward ${variant}`, unit: 'epoch' });
  try {
    return await trainReward({
      training: split.training,
      validation: split.validation,
      features,
      perturbedPrompts,
      options: training,
      seed,
      threads,
      ...(signal === undefined ? {} : { signal }),
      async onEpoch({ epoch, ...values }) {
        await metrics.log(epoch, values);
        bar.update(epoch, { loss: values.loss, validation: values.validationLoss });
      },
    });
  } finally {
    bar.done();
    await metrics.close();
  }
}

function halved(split: RewardSplit, seed: number): RewardSplit {
  return { ...split, training: halveImages(split.training, seed) };
}

function imagesOf(labelled: readonly LabelledImage[]): { id: string; prompt: string }[] {
  return labelled.map(({ image }) => image);
}
