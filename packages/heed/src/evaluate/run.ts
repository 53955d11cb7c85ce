/**
 * `heed evaluate`: base, tuned and best-of-n on the evaluation prompts, judged by the recogniser and compared blind by
 * simulated raters; what it cost in fidelity; all of it into runs/<id>/evaluation.json. Nothing is learned here.
 */
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { writeDurably } from '../checkpoint/durable.ts';
import { badInput } from '../errors.ts';
import { createImageStore, type ImageRecord, type ImageStore } from '../images/index.ts';
import { worldOf } from '../parts.ts';
import type { World, WorldJudge } from '../ports.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { type Project, startRun, withLock } from '../project/index.ts';
import { projectEvaluationPrompts } from '../prompts/index.ts';
import { openRewardScorer, type RewardScorer } from '../reward/scorer.ts';
import { modelLabel } from './ablations.ts';
import { alignmentDifference, type JudgedPrompt } from './alignment-summary.ts';
import { type Arm, armResult, comparisonQueries, type Findings, judgeArm } from './arm.ts';
import { bestOf } from './best-of-n.ts';
import { compareArms } from './blind-comparison.ts';
import type { Evaluation, EvaluationSettings } from './evaluation.ts';
import { EVALUATION_FILE } from './evaluation-file.ts';
import type { JudgeablePrompt } from './evaluation-images.ts';
import { type DrawnImages, drawEvaluationImages, EVALUATION_SET, FIDELITY_SET } from './evaluation-images.ts';
import { createFidelityMeter, type FidelityMeter, fidelityPrompts } from './fidelity.ts';
import { galleryOf } from './gallery.ts';
import { recogniseImages } from './recognise-images.ts';

/** The pairs of arms that are compared, as figures 4, 6(a) and 6(b) of the paper. */
const COMPARED: readonly (readonly [treated: string, baseline: string])[] = [
  ['tuned', 'base'],
  ['bestOf', 'base'],
  ['tuned', 'bestOf'],
];

const GALLERY_PROMPTS = 12;

export interface EvaluateRunOptions {
  /** Models to compare with the base; the first is the one that raters see. */
  models: readonly string[];
  /** Name of the reward that picks the best of n. */
  reward: string;
  /** Name of the run; 'evaluate-0001' and so on by default. */
  name?: string;
  signal?: AbortSignal;
}

/** Draws, judges, compares and writes; a second run finds the images of the first. */
export async function runEvaluate(
  project: Project,
  options: EvaluateRunOptions,
  progress: ProgressFactory,
): Promise<Evaluation> {
  return withLock(project, 'evaluate', () => evaluate(project, options, progress));
}

async function evaluate(project: Project, options: EvaluateRunOptions, progress: ProgressFactory): Promise<Evaluation> {
  const { models, name, signal } = options;
  if (models.length === 0) throw badInput('expected at least one model to evaluate, got none');
  const { config, paths } = project;
  const world = await worldOf(config);
  const { judge } = world;
  if (judge === undefined) {
    throw badInput(
      `expected a world whose recogniser can judge images, the project has the world '${world.name}' (world in heed.toml)`,
    );
  }
  const prompts = await judgeablePrompts(project, judge);
  const settings = settingsOf(project, prompts.length);
  const run = await startRun(project, { command: 'evaluate', ...(name === undefined ? {} : { name }) });
  const drawn = await drawAll(project, { world, models, prompts, settings, signal }, progress);

  const store = createImageStore(paths.images);
  const scorer = await openRewardScorer(project, options.reward, { progress, signal });
  try {
    const imagesOf = ({ evaluation }: DrawnModel) => evaluation.images.flat();
    const all = drawn.flatMap(imagesOf);
    const recognitions = await recogniseImages(
      project,
      all.map(({ id }) => id),
      { judge, store, signal },
      progress,
    );
    const rewards = await rewardsOf(all, { scorer, store, signal }, progress);
    const findings: Findings = { recognitions, rewards };
    const { fidelityImages: count } = settings;
    const measure =
      count === 0 || world.reference === undefined
        ? undefined
        : await createFidelityMeter(scorer.features, world.reference, { seed: config.seed, count, store, signal });
    const base = await armOf('base', drawn[0]!, measure);
    const arms: Arm[] = [base, bestOfArm(base, rewards, settings)];
    for (const [index, model] of drawn.slice(1).entries()) {
      arms.push(await armOf(index === 0 ? 'tuned' : model.evaluation.model, model, measure));
    }
    const evaluation = conclude({ run: run.id, arms: inOrder(arms), prompts, findings, settings, project, judge });
    await writeDurably(join(run.folder, EVALUATION_FILE), `${JSON.stringify(evaluation, null, 1)}\n`);
    return evaluation;
  } finally {
    await scorer.close();
    await store.close();
  }
}

async function judgeablePrompts(project: Project, judge: WorldJudge): Promise<JudgeablePrompt[]> {
  const all = await projectEvaluationPrompts(project);
  const prompts = all.filter((prompt): prompt is JudgeablePrompt => judge.canJudge(prompt.facts));
  if (prompts.length === 0) {
    throw badInput(
      `expected evaluation prompts that say what they ask for, which the recogniser needs; none of the ${all.length} does`,
    );
  }
  return prompts;
}

/** What is drawn by one model. */
interface DrawnModel {
  readonly evaluation: DrawnImages;
  /** Absent where fidelity is left out. */
  readonly fidelity?: DrawnImages;
}

/** Base first, then the models. The base draws `bestOf` images a prompt, out of which the reward picks. */
async function drawAll(
  project: Project,
  options: {
    world: World;
    models: readonly string[];
    prompts: readonly JudgeablePrompt[];
    settings: EvaluationSettings;
    signal: AbortSignal | undefined;
  },
  progress: ProgressFactory,
): Promise<DrawnModel[]> {
  const { world, models, prompts, settings, signal } = options;
  const { seed, imagesPerPrompt, fidelityImages } = settings;
  const openStore = () => createImageStore(project.paths.images);
  const captions = world.reference ? fidelityPrompts(world.reference, { seed, count: fidelityImages }) : [];
  const drawn: DrawnModel[] = [];
  for (const [index, model] of [project.config.model.name, ...models].entries()) {
    const common = { model, openStore, signal };
    const count = index === 0 ? Math.max(imagesPerPrompt, settings.bestOf) : imagesPerPrompt;
    const evaluation = await drawEvaluationImages(
      project,
      { ...common, set: EVALUATION_SET, prompts, imagesPerPrompt: count },
      progress,
    );
    if (captions.length === 0) {
      drawn.push({ evaluation });
      continue;
    }
    const fidelity = await drawEvaluationImages(
      project,
      { ...common, set: FIDELITY_SET, prompts: captions, imagesPerPrompt: 1 },
      progress,
    );
    drawn.push({ evaluation, fidelity });
  }
  return drawn;
}

async function rewardsOf(
  images: readonly ImageRecord[],
  { scorer, store, signal }: { scorer: RewardScorer; store: ImageStore; signal: AbortSignal | undefined },
  progress: ProgressFactory,
): Promise<Map<string, number>> {
  const work = progress({ total: images.length, label: 'reward', unit: 'image' });
  const scores = await scorer.score(images, (id) => store.read(id), {
    onProgress: (done) => work.update(done),
    ...(signal === undefined ? {} : { signal }),
  });
  // Images that were embedded before are not counted on the way.
  work.update(images.length);
  work.done();
  return new Map(images.map(({ id }, index) => [id, scores[index]!]));
}

async function armOf(
  name: string,
  { evaluation, fidelity }: DrawnModel,
  measure: FidelityMeter | undefined,
): Promise<Arm> {
  const { model, modelHash, images } = evaluation;
  const arm = { name, label: modelLabel(model), model, modelHash, images };
  return fidelity && measure ? { ...arm, fidelity: await measure(fidelity.images.flat()) } : arm;
}

function bestOfArm(base: Arm, rewards: ReadonlyMap<string, number>, settings: EvaluationSettings): Arm {
  const { imagesPerPrompt, bestOf: drawn } = settings;
  const { model, modelHash } = base;
  const pick = (images: readonly ImageRecord[]) => {
    const candidates = images.slice(0, Math.max(imagesPerPrompt, drawn));
    const scores = candidates.map(({ id }) => rewards.get(id)!);
    return bestOf(scores, imagesPerPrompt).map((index) => candidates[index]!);
  };
  const label = `best ${imagesPerPrompt} of ${Math.max(imagesPerPrompt, drawn)}`;
  return { name: 'bestOf', label, model, modelHash, images: base.images.map(pick) };
}

/** base, tuned, bestOf, then the others: the order of every table. */
function inOrder(arms: readonly Arm[]): Arm[] {
  const rank = ['base', 'tuned', 'bestOf'];
  const rankOf = ({ name }: Arm) => (rank.includes(name) ? rank.indexOf(name) : rank.length);
  return [...arms].sort((a, b) => rankOf(a) - rankOf(b));
}

function conclude(inputs: {
  run: string;
  arms: readonly Arm[];
  prompts: readonly JudgeablePrompt[];
  findings: Findings;
  settings: EvaluationSettings;
  project: Project;
  judge: WorldJudge;
}): Evaluation {
  const { run, arms, prompts, findings, settings, project, judge } = inputs;
  const { seed } = settings;
  const bootstrap = { seed, resamples: project.config.evaluate.resamples };
  const judged = new Map<string, JudgedPrompt[]>(
    arms.map((arm) => [arm.name, judgeArm(arm, prompts, { judge, recognitions: findings.recognitions })]),
  );
  const armByName = new Map(arms.map((arm) => [arm.name, arm]));
  const pairs = [
    ...COMPARED,
    ...arms
      .filter(({ name }) => !['base', 'tuned', 'bestOf'].includes(name))
      .map(({ name }) => [name, 'base'] as const),
  ];
  // Other raters than those whose labels the reward has learned from.
  const raters = judge.simulatedRaters({
    seed: createRandom(seed)
      .fork('raters of comparisons')
      .integer(2 ** 31),
    count: settings.raters,
  });
  return {
    version: 1,
    run,
    time: new Date().toISOString(),
    settings,
    judges: 'simulated',
    arms: arms.map((arm) => armResult(arm, judged.get(arm.name)!, findings, bootstrap)),
    differences: pairs.map(([treated, baseline]) => ({
      treated,
      baseline,
      interval: alignmentDifference(judged.get(treated)!, judged.get(baseline)!, bootstrap),
    })),
    comparisons: COMPARED.map(([treated, baseline]) => {
      const sides = { treated: armByName.get(treated)!, baseline: armByName.get(baseline)! };
      const queries = comparisonQueries(sides, prompts, findings, settings.imagesPerPrompt);
      return compareArms({ treated, baseline, queries, raters, seed });
    }),
    gallery: galleryOf(
      arms.filter(({ name }) => name !== 'bestOf'),
      prompts,
      { judge, recognitions: findings.recognitions, limit: GALLERY_PROMPTS },
    ),
  };
}

function settingsOf({ config }: Project, prompts: number): EvaluationSettings {
  const { imagesPerPrompt, bestOf: drawn, raters, fidelityImages } = config.evaluate;
  const { sampler, steps, guidanceScale } = config.sample;
  return {
    seed: config.seed,
    prompts,
    imagesPerPrompt,
    bestOf: drawn,
    raters,
    fidelityImages,
    sampler,
    steps,
    guidanceScale,
  };
}
