/** Turns generated images into figures: forms the arms and asks every judge of the project. */
import { createImageStore, type ImageRecord, type ImageStore } from '../images/index.ts';
import type { Recognition, World } from '../ports.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import type { Prompt } from '../prompts/index.ts';
import type { Features } from '../reward/features.ts';
import { openProjectFeatures, openRewardScorer, type RewardScorer } from '../reward/scorer.ts';
import { type Arm, armResult } from './arm.ts';
import type { DrawnModel } from './draw-arms.ts';
import type { ArmResult, Evaluation, EvaluationSettings } from './evaluation.ts';
import { createFidelityMeter, type FidelityMeter } from './fidelity.ts';
import { figureOf } from './figures.ts';
import { type JudgingReward, trainJudgingReward } from './judging-reward.ts';
import { armsOf, pairsOf } from './make-arms.ts';
import { measureArms } from './measure-arms.ts';
import { measureReference } from './reference-distance.ts';
import { judgeByWorld } from './world-judgement.ts';

export interface JudgeInputs {
  readonly project: Project;
  readonly world: World;
  /** Images by model, the baseline first. */
  readonly drawn: readonly DrawnModel[];
  readonly prompts: readonly Prompt[];
  readonly settings: EvaluationSettings;
  /** Name of the reward; without one there is no best-of-n. */
  readonly reward: string | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Judged extends Pick<Evaluation, 'figures' | 'differences' | 'comparisons' | 'notes'> {
  readonly arms: readonly Arm[];
  readonly results: readonly ArmResult[];
  /** Results of the world's recogniser; empty when the world has no recogniser. */
  readonly recognitions: ReadonlyMap<string, Recognition>;
}

/** The open CLIP, reward and store that the judges use. */
interface Opened {
  readonly store: ImageStore;
  readonly features: Features;
  readonly scorer: RewardScorer | undefined;
}

/** Opens the project's CLIP, reward and images, and closes them after judging. */
export async function judgeDrawn(inputs: JudgeInputs, progress: ProgressFactory): Promise<Judged> {
  const { project, reward, signal } = inputs;
  const store = createImageStore(project.paths.images);
  try {
    const fetching = { progress, signal };
    const scorer = reward === undefined ? undefined : await openRewardScorer(project, reward, fetching);
    const clip = scorer ?? (await openProjectFeatures(project, fetching));
    try {
      return await judge(inputs, { store, features: clip.features, scorer }, progress);
    } finally {
      await clip.close();
    }
  } finally {
    await store.close();
  }
}

async function judge(inputs: JudgeInputs, opened: Opened, progress: ProgressFactory): Promise<Judged> {
  const { project, world, drawn, prompts, settings, reward } = inputs;
  const { store, features } = opened;
  await embed(inputs, opened, progress);
  const scores = await rewardScores(inputs, opened);
  const arms = await armsOf(drawn, { scores, settings, measureFidelity: await fidelityMeter(inputs, opened) });
  const pairs = pairsOf(arms);
  const bootstrap = { seed: settings.seed, resamples: project.config.evaluate.resamples };
  const common = { arms, prompts, store, signal: inputs.signal };
  const notes = scores ? [] : [NO_REWARD];

  const judgingReward = await openJudgingReward(inputs, opened);
  if (typeof judgingReward === 'string') notes.push(judgingReward);
  const byWorld =
    world.judge &&
    (await judgeByWorld(
      project,
      { ...common, judge: world.judge, world: world.name, pairs, settings, bootstrap },
      progress,
    ));
  if (byWorld?.note !== undefined) notes.push(byWorld.note);
  const measures = await measureArms(
    {
      ...common,
      features,
      reward: reward !== undefined && scores ? { name: reward, scores } : undefined,
      judgingReward: typeof judgingReward === 'string' ? undefined : judgingReward,
      // A recogniser counts objects better than CLIP does.
      asksClipForDoubles: byWorld === undefined,
    },
    progress,
  );
  if (typeof judgingReward === 'object') judgingReward.model.dispose();
  const { imagesPerPrompt } = settings;
  const reference = await measureReference(
    project,
    { ...common, pairs, imagesPerPrompt, features, seed: settings.seed },
    progress,
  );
  notes.push(...reference.notes);
  return {
    arms,
    results: arms.map((arm) =>
      armResult(arm, {
        alignment: byWorld?.alignments[arm.name],
        rewards: scores,
        bootstrap,
      }),
    ),
    recognitions: byWorld?.recognitions ?? new Map(),
    figures: [
      ...[...(byWorld?.measures ?? []), ...measures].flatMap(
        (measure) => figureOf(measure, { prompts, pairs, bootstrap }) ?? [],
      ),
      ...reference.figures,
    ],
    differences: byWorld?.differences ?? [],
    comparisons: byWorld?.comparisons ?? [],
    notes,
  };
}

const NO_REWARD =
  'the project has no reward: best-of-n and the figures of rewards are left out (`heed reward` makes one)';

/** Images of all models on the evaluation prompts, including the candidates for best-of-n. */
function allImages(drawn: readonly DrawnModel[]): ImageRecord[] {
  return drawn.flatMap(({ evaluation, pruned }) => [...evaluation.images.flat(), ...(pruned?.images.flat() ?? [])]);
}

/** Embeds all images and prompts that are not cached. */
async function embed({ drawn, prompts, signal }: JudgeInputs, { store, features }: Opened, progress: ProgressFactory) {
  const ids = allImages(drawn).map(({ id }) => id);
  const work = progress({ total: ids.length, label: 'embed', unit: 'image' });
  const options = signal === undefined ? {} : { signal };
  await features.prepareTexts(
    prompts.map(({ text }) => text),
    options,
  );
  await features.prepareImages(ids, (id) => store.read(id), { ...options, onProgress: (done) => work.update(done) });
  work.update(ids.length);
  work.done();
}

/** The reward's score for every image, by image id; undefined when no reward was chosen. */
async function rewardScores({ drawn, signal }: JudgeInputs, { store, scorer }: Opened) {
  if (!scorer) return undefined;
  const images = allImages(drawn);
  const scores = await scorer.score(images, (id) => store.read(id), signal === undefined ? {} : { signal });
  return new Map(images.map(({ id }, index) => [id, scores[index]!]));
}

async function fidelityMeter(
  { project, world, settings, signal }: JudgeInputs,
  { store, features }: Opened,
): Promise<FidelityMeter | undefined> {
  const { fidelityImages: count } = settings;
  if (!world.reference || count === 0) return undefined;
  return createFidelityMeter(features, world.reference, { seed: project.config.seed, count, store, signal });
}

/**
 * Opens the judging reward, or returns a sentence that says why there is no judging reward. The result is undefined
 * when no tuning reward was chosen.
 */
async function openJudgingReward(
  { project, drawn, reward, signal }: JudgeInputs,
  { store, features }: Opened,
): Promise<JudgingReward | string | undefined> {
  if (reward === undefined) return undefined;
  const exclude = new Set(allImages(drawn).map(({ id }) => id));
  return trainJudgingReward(project, { reward, exclude, features, store, signal });
}
