/**
 * `heed compare-methods`: tunes the base by every method with every seed, evaluates each model with best-of-n on top,
 * and draws one plot. Each run finds its finished work, so that the comparison goes on where it stopped.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { badInput } from '../errors.ts';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { EVALUATION_FILE, findEvaluation } from '../evaluate/evaluation-file.ts';
import { runEvaluate } from '../evaluate/run.ts';
import { BUILT_IN_MODEL } from '../parts.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { openProject, type Project } from '../project/index.ts';
import { findRewardConfig } from '../reward/reward-model.ts';
import { rewardFolder } from '../reward/scorer.ts';
import { tuneOptionsOf } from '../tune/options.ts';
import { runTune } from '../tune/run.ts';
import { type MethodArm, updatesOf } from './arms.ts';
import { comparisonPage } from './page.ts';
import { type MethodComparison, methodPoints, type RunFigures, runFigures } from './summary.ts';

export interface CompareMethodsOptions {
  arms: readonly MethodArm[];
  /** Runs of each method; their seeds are 0, 1 and so on. */
  seeds: number;
  reward: string;
  /** Settings over the project's, as of --set. */
  overrides: readonly string[];
  signal: AbortSignal;
  note: (sentence: string) => void;
}

export interface CompareMethodsResult extends MethodComparison {
  readonly report: string;
  readonly file: string;
}

/** Names of models, runs and evaluations begin with this. */
const PREFIX = 'cmp';

/** Runs what is missing and writes `runs/compare-methods/comparison.json` and `reports/compare-methods.html`. */
export async function runCompareMethods(
  project: Project,
  options: CompareMethodsOptions,
  progress: ProgressFactory,
): Promise<CompareMethodsResult> {
  const { arms, seeds, reward, note } = options;
  if ((await findRewardConfig(rewardFolder(project, reward))) === undefined) {
    throw badInput(`expected the reward '${reward}', found none; heed reward makes it`);
  }
  const base = project.config.model.name;
  const all = Array.from({ length: seeds }, (_, seed) => seed);
  const methods = [];
  const judges: ReturnType<typeof runFigures>[] = [];
  let firstModel: string | undefined;
  for (const arm of arms) {
    const own = await projectOf(project, arm, options.overrides);
    const updates = own.config.tune.steps;
    const runs: RunFigures[] = [];
    for (const seed of all) {
      const name = `${PREFIX}-${arm.name}-${seed}`;
      note(`${arm.label}, seed ${seed}: ${updates} updates`);
      await tuneArm(own, { ...options, arm, name, seed }, progress);
      firstModel ??= name;
      const figures = runFigures(
        await evaluation(project, { name, baseline: name, other: base, ...options }, progress),
        seed,
      );
      judges.push(figures);
      runs.push(figures);
    }
    methods.push({ name: arm.name, label: arm.label, updates, runs });
  }
  const baseName = `${PREFIX}-${base}`;
  const other = firstModel!;
  const before = runFigures(
    await evaluation(project, { name: baseName, baseline: base, other, ...options }, progress),
    0,
  );
  const points = methodPoints([{ name: 'base', label: 'before tuning', updates: 0, runs: [before] }, ...methods]);
  const { judge: alignmentJudge, distanceName } = before;
  return write(project, { alignmentJudge, distanceName, seeds: all, points });
}

/** The project with the arm's settings and with as many updates as the budget allows. */
async function projectOf(project: Project, arm: MethodArm, given: readonly string[]): Promise<Project> {
  const isTiny = project.config.model.path === BUILT_IN_MODEL;
  const own = arm.overrides.filter((override) => isTiny || !override.startsWith('tune.learningRate='));
  const overrides = [...given, `tune.method=${arm.method}`, 'tune.watch.everySteps=0', ...own];
  const opened = await openProject(project.folder, { overrides });
  const hasPretraining = tuneOptionsOf(opened.config).streams.pretraining;
  const steps = updatesOf(arm, { tune: opened.config.tune, hasPretraining });
  return { ...opened, config: { ...opened.config, tune: { ...opened.config.tune, steps } } };
}

async function tuneArm(
  project: Project,
  { arm, name, seed, reward, note, signal }: CompareMethodsOptions & { arm: MethodArm; name: string; seed: number },
  progress: ProgressFactory,
): Promise<void> {
  const shuffleSeed = arm.shuffles ? seed : undefined;
  await runTune(project, { name, seed, reward, shuffleSeed, note, signal }, progress);
}

/** The evaluation whose baseline, with best-of-n on top, is the model that is measured. */
async function evaluation(
  project: Project,
  {
    name,
    baseline,
    other,
    reward,
    signal,
    note,
  }: CompareMethodsOptions & { name: string; baseline: string; other: string },
  progress: ProgressFactory,
): Promise<Evaluation> {
  const path = join(project.paths.runs, `${name}-evaluation`, EVALUATION_FILE);
  const found = await findEvaluation(path);
  if (found !== undefined) return found;
  return runEvaluate(
    project,
    { name: `${name}-evaluation`, baseline, models: [other], reward, signal, note },
    progress,
  );
}

async function write(project: Project, comparison: MethodComparison): Promise<CompareMethodsResult> {
  const file = join(project.paths.runs, 'compare-methods', 'comparison.json');
  const report = join(project.paths.reports, 'compare-methods.html');
  await mkdir(join(project.paths.runs, 'compare-methods'), { recursive: true });
  await mkdir(project.paths.reports, { recursive: true });
  await writeFileAtomically(file, `${JSON.stringify(comparison, null, 1)}\n`);
  const { seed, evaluate, sample } = project.config;
  const facts = {
    'seed of labels and images': String(seed),
    'images a prompt': `${evaluate.imagesPerPrompt}, best of ${evaluate.bestOf}`,
    sampling: `${sample.sampler}, ${sample.steps} steps, guidance ${sample.guidanceScale}`,
  };
  await writeFileAtomically(report, comparisonPage(comparison, facts));
  return { ...comparison, file, report };
}
