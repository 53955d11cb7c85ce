/**
 * Collects a report's data from a project's folder. The module reads files and counts entries, but computes no other
 * numbers.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_METHOD } from '../config/index.ts';
import { badInput } from '../errors.ts';
import { type Evaluation, isModelArm } from '../evaluate/evaluation.ts';
import { EVALUATION_FILE, readEvaluation } from '../evaluate/evaluation-file.ts';
import { newestEvaluation } from '../evaluate/newest-evaluation.ts';
import { peopleFindings } from '../evaluate/people.ts';
import { lastWords } from '../feedback/index.ts';
import { createImageStore } from '../images/index.ts';
import { readMetrics } from '../metrics/metrics-log.ts';
import { openRun, type Project } from '../project/index.ts';
import { orderCategories } from '../prompts/index.ts';
import { readCountingEvents } from '../reward/project-labels.ts';
import { findRewardReport } from '../reward/report-file.ts';
import { REWARD_REPORT_FILE } from '../reward/run.ts';
import { rewardFolder } from '../reward/scorer.ts';
import { TUNING_METHODS } from '../tune/methods/index.ts';
import { findTuneResult } from '../tune/result.ts';
import { readRunConfig } from '../tune/run-config.ts';
import type {
  FeedbackOverview,
  FeedbackRow,
  PicturePair,
  ReportInput,
  SampleGrid,
  TrainingCurve,
} from './report-input.ts';
import { rewardAccuracies } from './reward-accuracies.ts';

/** The folder of sample grids in a tuning run. */
const SAMPLES_FOLDER = 'samples';

export interface CollectOptions {
  /** The evaluation run; the newest by default. */
  run?: string;
  /** Name of the reward whose accuracy is shown. */
  reward?: string;
  title?: string;
  /** Facts that the caller adds; the report shows these before all other facts. */
  facts?: Readonly<Record<string, string>>;
}

/** Collects all data for a report. Throws when the project has no evaluation. */
export async function collectReport(
  project: Project,
  options: CollectOptions,
): Promise<ReportInput & { readonly evaluation: Evaluation }> {
  const evaluation = await evaluationOf(project, options.run);
  const models = evaluation.arms.filter((arm) => isModelArm(arm) && arm.name !== 'base').map(({ model }) => model);
  const feedback = await feedbackOverview(project);
  const path = join(rewardFolder(project, options.reward ?? 'default'), REWARD_REPORT_FILE);
  const reward = await findRewardReport(path);
  const curves = await trainingCurves(project, models);
  const grids = models[0] === undefined ? [] : await sampleGrids(join(project.paths.runs, models[0], SAMPLES_FOLDER));
  return {
    title: options.title ?? `What tuning bought: ${evaluation.run}`,
    time: evaluation.time.replace('T', ' ').replace(/\..*$/, ' UTC'),
    facts: { ...options.facts, ...factsOf(evaluation), ...(await methodFacts(project, evaluation)) },
    ...(feedback ? { feedback } : {}),
    ...(reward ? { rewards: rewardAccuracies(reward), rewardDetails: reward } : {}),
    evaluation,
    curves,
    grids,
    gridPrompts: models[0] === undefined ? [] : await gridPrompts(project, models[0]),
    pairs: await picturePairs(project, evaluation, evaluation.gallery),
    others: await picturePairs(project, evaluation, evaluation.others),
    people: await peopleFindings(project, evaluation),
  };
}

/** The prompts of the sample grids, as the tuning run recorded them, or those in heed.toml if the run has no record. */
async function gridPrompts(project: Project, run: string): Promise<readonly string[]> {
  const recorded = await readRunConfig(project, run).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return recorded?.samplePrompts ?? project.config.tune.samplePrompts;
}

async function evaluationOf(project: Project, name?: string): Promise<Evaluation> {
  if (name !== undefined) return readEvaluation(join(openRun(project, name).folder, EVALUATION_FILE));
  const newest = await newestEvaluation(project);
  if (newest) return newest;
  throw badInput(`${project.paths.runs}: expected an evaluation, found none; \`heed evaluate\` makes one`);
}

async function feedbackOverview(project: Project): Promise<FeedbackOverview | undefined> {
  const events = lastWords(await readCountingEvents(project));
  const images = createImageStore(project.paths.images)
    .all()
    .filter(({ purpose }) => purpose === 'learn');
  const categoryById = new Map(images.map(({ id, category }) => [id, category]));
  const judged = events.filter(({ image }) => categoryById.has(image));
  if (judged.length === 0) return undefined;
  const rows = orderCategories(categoryById.values()).flatMap((category): FeedbackRow[] => {
    const own = judged.filter(({ image }) => categoryById.get(image) === category);
    const count = (label: string) => own.filter((event) => event.label === label).length;
    return own.length === 0 ? [] : [{ category, good: count('good'), bad: count('bad'), skip: count('skip') }];
  });
  const raters = (kind: string) => new Set(judged.filter((e) => e.raterKind === kind).map(({ rater }) => rater)).size;
  return { rows, simulatedRaters: raters('simulated'), humanRaters: raters('human') };
}

async function trainingCurves(project: Project, models: readonly string[]): Promise<TrainingCurve[]> {
  const curves = await Promise.all(
    models.map(async (run) => ({ run, label: run, records: await readMetrics(join(project.paths.runs, run)) })),
  );
  return curves.filter(({ records }) => records.length > 0);
}

/** The sample grids of a tuning run, sorted by step; at most about six are shown. */
async function sampleGrids(folder: string): Promise<SampleGrid[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const grids = names
    .flatMap((name) => {
      const step = /(\d+)\.png$/.exec(name)?.[1];
      return step === undefined ? [] : [{ name, step: Number(step) }];
    })
    .sort((a, b) => a.step - b.step);
  const shown = grids.filter(
    (_, index) => index === grids.length - 1 || index % Math.max(1, Math.ceil(grids.length / 6)) === 0,
  );
  return Promise.all(
    shown.map(async ({ name, step }) => ({ step, picture: pngUri(await readFile(join(folder, name))) })),
  );
}

async function picturePairs(
  project: Project,
  evaluation: Evaluation,
  items: Evaluation['gallery'],
): Promise<PicturePair[]> {
  const store = createImageStore(project.paths.images);
  const shownArms = evaluation.arms.filter(({ name }) => name === 'base' || name === 'tuned');
  return Promise.all(
    items.map(async ({ prompt, seen, seed, images }) => ({
      prompt,
      seen,
      seed,
      pictures: await Promise.all(
        shownArms.flatMap(({ name, label }) => {
          const shown = images[name];
          if (!shown) return [];
          const { image, ...judged } = shown;
          return [store.readPng(image).then((png) => ({ label, picture: pngUri(png), ...judged }))];
        }),
      ),
    })),
  );
}

function factsOf({ settings, arms, comparisons }: Evaluation): Record<string, string> {
  const { seed, sampler, steps, guidanceScale, prompts, imagesPerPrompt, bestOf, raters } = settings;
  return {
    seed: String(seed),
    'evaluation prompts': `${prompts}, ${imagesPerPrompt} images in each compared set, best of ${bestOf}`,
    ...(comparisons.length > 0 ? { raters: `${raters}, simulated` } : {}),
    sampling: `${sampler}, ${steps} steps, guidance ${guidanceScale}`,
    ...Object.fromEntries(
      arms
        .filter(isModelArm)
        .map(({ label, modelHash, images }) => [`model ${label}`, `${modelHash}, ${images} images judged`]),
    ),
  };
}

/**
 * Names the tuning method and the number of updates of each tuned model. Models that were tuned outside the project get
 * no entry.
 */
async function methodFacts(project: Project, { arms }: Evaluation): Promise<Record<string, string>> {
  const models = new Map(arms.filter(isModelArm).map(({ model, label }) => [model, label]));
  const facts = await Promise.all(
    [...models].map(async ([model, label]) => {
      const result = await findTuneResult(join(project.paths.runs, model));
      if (result === undefined) return [];
      const { title } = TUNING_METHODS[result.method ?? DEFAULT_METHOD];
      return [[`method of ${label}`, `${title}, ${result.steps} updates`] as const];
    }),
  );
  return Object.fromEntries(facts.flat());
}

function pngUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}
