/**
 * `heed compare-methods`: tunes the base by every method with every seed, evaluates each model with best-of-n on top,
 * and draws one plot. Finished work is reused, so that the comparison resumes after a stop.
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { badInput } from '../errors.ts';
import { BUILT_IN_MODEL } from '../parts.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { openProject, type Project } from '../project/index.ts';
import { findRewardConfig } from '../reward/reward-model.ts';
import { rewardFolder } from '../reward/scorer.ts';
import { tuneOptionsOf } from '../tune/options.ts';
import { runTune } from '../tune/run.ts';
import { type MethodArm, updatesOf } from './arms.ts';
import { evaluateRun } from './evaluate-run.ts';
import { comparisonPage } from './page.ts';
import {
  gainOf,
  type MethodComparison,
  type MethodPoint,
  methodPoints,
  type RunFigures,
  runFigures,
} from './summary.ts';

export interface CompareMethodsOptions {
  arms: readonly MethodArm[];
  /** Number of runs of each method; their seeds are 0, 1 and so on. */
  seeds: number;
  reward: string;
  /** Settings that override the project's, in the syntax of `--set`. */
  overrides: readonly string[];
  signal: AbortSignal;
  note: (sentence: string) => void;
}

export interface CompareMethodsResult extends MethodComparison {
  readonly report: string;
  readonly file: string;
}

/** Prefix of the names of the models, runs and evaluations of this comparison. */
const PREFIX = 'cmp';

/**
 * Tunes by every method with the first seed, then with the next seed, and so on; finished runs are reused. After each
 * run, `runs/compare-methods/comparison.json` and `reports/compare-methods.html` are written again.
 */
export async function runCompareMethods(
  project: Project,
  options: CompareMethodsOptions,
  progress: ProgressFactory,
): Promise<CompareMethodsResult> {
  const { arms, reward, note } = options;
  if ((await findRewardConfig(rewardFolder(project, reward))) === undefined) {
    throw badInput(`expected the reward '${reward}', found none; heed reward makes it`);
  }
  const base = project.config.model.name;
  const seeds = Array.from({ length: options.seeds }, (_, seed) => seed);
  const methods = await Promise.all(
    arms.map(async (arm) => ({ arm, own: await projectOf(project, arm, options.overrides), runs: [] as RunFigures[] })),
  );
  const planned = seeds.flatMap((seed) => methods.map((method) => ({ ...method, seed })));
  let before: ReturnType<typeof runFigures> | undefined;
  let written: CompareMethodsResult | undefined;
  for (const [index, { arm, own, seed, runs }] of planned.entries()) {
    const name = `${PREFIX}-${arm.name}-${seed}`;
    note(`run ${index + 1} of ${planned.length}: ${arm.label}, seed ${seed}, ${own.config.tune.steps} updates`);
    await tuneArm(own, { ...options, arm, name, seed }, progress);
    before ??= runFigures(
      await evaluateRun(project, { ...options, name: `${PREFIX}-${base}`, baseline: base, other: name }, progress),
    );
    const evaluation = await evaluateRun(project, { ...options, name, baseline: name, other: base }, progress);
    runs.push({ seed, ...runFigures(evaluation).figures, gain: gainOf(evaluation) });
    const { figures, judge: alignmentJudge, unit, distanceName } = before;
    const points = pointsOf({ seed: project.config.seed, ...figures }, methods);
    const finished = { finished: index + 1, planned: planned.length };
    written = await write(project, { alignmentJudge, unit, distanceName, seeds, runs: finished, points });
  }
  return written!;
}

/** Returns the points of the chart: the base model, then every method that has a run. */
function pointsOf(
  base: RunFigures,
  methods: readonly { arm: MethodArm; own: Project; runs: readonly RunFigures[] }[],
): MethodPoint[] {
  const begun = methods.filter(({ runs }) => runs.length > 0);
  return methodPoints([
    { name: 'base', label: 'before tuning', updates: 0, runs: [base] },
    ...begun.map(({ arm: { name, label }, own, runs }) => ({ name, label, updates: own.config.tune.steps, runs })),
  ]);
}

/** Copies the project with the arm's settings, and with as many updates as the budget of network passes allows. */
async function projectOf(project: Project, arm: MethodArm, given: readonly string[]): Promise<Project> {
  const isTiny = project.config.model.path === BUILT_IN_MODEL;
  const own = arm.overrides.filter((override) => isTiny || !override.startsWith('tune.learningRate='));
  const overrides = [
    ...given,
    `tune.method=${arm.method}`,
    'tune.watch.everySteps=0',
    'tune.keepCheckpoints=1',
    ...own,
  ];
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
